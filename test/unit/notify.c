/*
 * notify.c - the service manager is told, and its absence, silence or absurd address has no consequence.
 */
#include "process/notify.h"
#include "base/fd.h"
#include "descriptors.h"
#include "tap.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char root[] = "/tmp/csapi-notify-XXXXXX";

static int manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	memcpy(address.sun_path, name, length);
	if (*name == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)))
		abort();
	return fd;
}

static void told(const char *name, const char *title)
{
	char got[200] = "";
	int fd = manager(name);
	(void)setenv("NOTIFY_SOCKET", name, 1);
	int error = notify_send("READY=1\nSTATUS=2 workers");
	(void)recv(fd, got, sizeof got - 1, 0);
	ok(error == 0 && strcmp(got, "READY=1\nSTATUS=2 workers") == 0, title);
	fd_close(&fd);
}

static void answers(const char *name, int wanted, const char *title)
{
	(void)setenv("NOTIFY_SOCKET", name, 1);
	ok(notify_send("READY=1") == wanted, title);
}

int main(void)
{
	char path[100], abstract[100], longest[sizeof(((struct sockaddr_un *)0)->sun_path)], too_long[300];
	if (!mkdtemp(root))
		return 2;
	(void)alarm(60);
	unsigned before = open_descriptors();
	(void)unsetenv("NOTIFY_SOCKET");
	ok(notify_send("READY=1") == 0, "no service manager");
	answers("", 0, "an empty name");
	(void)snprintf(path, sizeof path, "%s/notify", root);
	told(path, "at a path");
	(void)snprintf(abstract, sizeof abstract, "@csapi-notify-test/%d", (int)getpid());
	told(abstract, "at an abstract name");
	memset(longest, 'n', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	memcpy(longest, root, strlen(root));
	longest[strlen(root)] = '/';
	told(longest, "at a path of 107 bytes");
	answers(path, -ECONNREFUSED, "one that is gone");
	answers("/nonexistent/notify", -ENOENT, "one that never was");
	answers("relative", -EINVAL, "neither path nor abstract name");
	answers("@", -EINVAL, "nothing behind the @");
	answers("vsock:2:1234", -EINVAL, "another family");
	memset(too_long, 'x', sizeof too_long - 1);
	too_long[0] = '/';
	too_long[sizeof too_long - 1] = '\0';
	answers(too_long, -EINVAL, "a name that is too long");
	(void)unlink(path);
	int fd = manager(path);
	(void)setenv("NOTIFY_SOCKET", path, 1);
	int error = 0;
	for (int i = 0; i < 100000 && !error; i++)
		error = notify_send("STATUS=again");
	ok(error == -EAGAIN, "a manager that does not read is not waited for");
	fd_close(&fd);
	ok(open_descriptors() == before, "no descriptor is left");
	(void)unlink(path);
	(void)unlink(longest);
	ok(rmdir(root) == 0, "cleaned up");
	return tap_end();
}
