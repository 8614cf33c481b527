/*
 * notify.h - tells the service manager how we are (sd_notify(3)'s protocol, without its library). Called by supervisor.
 */
#ifndef CSAPI_PROCESS_NOTIFY_H
#define CSAPI_PROCESS_NOTIFY_H

/*
 * Sends "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=text" or several lines of them to
 * NOTIFY_SOCKET, in one datagram. Never waits. 0, also when there is no service manager; -errno, which a caller may ignore, but
 * for -EAGAIN with "READY=1": the manager's queue was full then, and without that word it would end us in time.
 */
int notify_send(const char *state);

#endif
