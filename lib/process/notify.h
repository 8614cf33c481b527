/*
 * notify.h - tells the service manager how we are (sd_notify(3)'s protocol, without its library). Called by supervisor.
 */
#ifndef CSAPI_PROCESS_NOTIFY_H
#define CSAPI_PROCESS_NOTIFY_H

/*
 * Sends "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=text" or several lines of them to NOTIFY_SOCKET. Does nothing without
 * one; never waits; failure has no consequence.
 */
void notify_send(const char *state);

#endif
