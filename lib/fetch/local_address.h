/*
 * local_address.h - the address of this machine that connections come from.
 *
 * libfreshclam's own setting for it needs a libcurl built with c-ares, which no Debian has; so connect(2) of the whole program is ours, and
 * binds a socket first. Called by cmd/csapi-fetch.c.
 */
#ifndef CSAPI_FETCH_LOCAL_ADDRESS_H
#define CSAPI_FETCH_LOCAL_ADDRESS_H

/*
 * An IPv4 or IPv6 address; from then on connections of the other kind fail, so that nothing goes out from elsewhere. The resolver of libc has its own way.
 * 0 or -EINVAL.
 */
int local_address_set(const char *address);

#endif
