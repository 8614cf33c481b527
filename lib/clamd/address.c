/*
 * address.c - addresses of clamd; see address.h. Refuses ports that are no numbers, and paths that no socket can have.
 */
#include "clamd/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define HOST_MOST 253 /* characters of a name (RFC 1035) */

static int parse_path(const char *path, struct address *address, struct why *why)
{
	struct sockaddr_un *name = (struct sockaddr_un *)&address->sockets[0].name;
	if (strlen(path) >= sizeof name->sun_path)
		return why_set(why, -EINVAL, "the path of a socket has up to %zu bytes, not as many as \"%.64s\"",
			       sizeof name->sun_path - 1, path);
	name->sun_family = AF_UNIX;
	(void)strcpy(name->sun_path, path);
	address->sockets[0].size = sizeof *name;
	address->count = 1;
	return 0;
}

/* The port behind the colon; without one the usual one. */
static int parse_port(const char *text, const char *port, char ret_port[6], struct why *why)
{
	size_t digits = port ? strspn(port, "0123456789") : 0;
	unsigned long number = port && digits && digits < 6 && !port[digits] ? strtoul(port, NULL, 10) : 0;
	if (port && (number < 1 || number > 65535))
		return why_set(why, -EINVAL, "\"%.128s\" has no port from 1 to 65535 behind the colon", text);
	(void)snprintf(ret_port, 6, "%hu", (unsigned short)(port ? number : ADDRESS_PORT));
	return 0;
}

/* Takes host and port apart. Two colons without brackets are an IPv6 address. */
static int split(const char *text, char ret_host[HOST_MOST + 1], char ret_port[6], struct why *why)
{
	const char *host = text, *end, *port = NULL;
	if (*text == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return why_set(why, -EINVAL, "\"%.128s\" is no address; write [address]:port", text);
		port = end[1] ? end + 2 : NULL;
	} else {
		end = strchr(text, ':');
		bool several = end && strchr(end + 1, ':');
		port = end && !several ? end + 1 : NULL;
		end = end && !several ? end : text + strlen(text);
	}
	size_t size = (size_t)(end - host);
	if (!size || size > HOST_MOST || strpbrk(host, " \t/@"))
		return why_set(why, -EINVAL,
			       "\"%.128s\" is no address; write host:port, or the absolute path of a socket", text);
	memcpy(ret_host, host, size);
	ret_host[size] = '\0';
	return parse_port(text, port, ret_port, why);
}

static int look_up(const char *text, bool resolve, struct address *address, struct why *why)
{
	char host[HOST_MOST + 1], port[6];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*found = NULL;
	int error = split(text, host, port, why);
	if (error)
		return error;
	error = getaddrinfo(host, port, &hints, &found);
	if (error == EAI_NONAME && !resolve)
		return 0;
	if (error == EAI_NONAME) {
		hints.ai_flags = AI_NUMERICSERV;
		error = getaddrinfo(host, port, &hints, &found);
	}
	if (error == EAI_MEMORY)
		return -ENOMEM;
	if (error)
		return why_set(why, -EHOSTUNREACH, "%.128s: %s", text, gai_strerror(error));
	for (struct addrinfo *at = found; at && address->count < ADDRESS_SOCKETS_MAX; at = at->ai_next) {
		memcpy(&address->sockets[address->count].name, at->ai_addr, at->ai_addrlen);
		address->sockets[address->count++].size = at->ai_addrlen;
	}
	freeaddrinfo(found);
	return 0;
}

int address_parse(const char *text, bool resolve, struct address *ret_address, struct why *why)
{
	static const char prefix[] = "unix:";
	const char *path = strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
	*ret_address = (struct address){.text = strdup(text)};
	int error = ret_address->text ? 0 : -ENOMEM;
	if (!error && *path == '/')
		error = parse_path(path, ret_address, why);
	else if (!error && path != text)
		error = why_set(why, -EINVAL, "\"%.128s\" is no address; the path of a socket is absolute", text);
	else if (!error)
		error = look_up(text, resolve, ret_address, why);
	if (error)
		address_free(ret_address);
	return error == -ENOMEM ? why_errno(why, error, "%.128s", text) : error;
}

void address_free(struct address *address)
{
	free(address->text);
	*address = (struct address){.text = NULL};
}
