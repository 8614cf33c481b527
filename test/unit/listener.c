/*
 * listener.c - one scanner on a path: a dead one's is taken, a live one's is not, whatever starts or ends at the same time.
 */
#include "process/listener.h"
#include "base/fd.h"
#include "descriptors.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char root[] = "/tmp/csapi-listener-XXXXXX";
static struct why why;

static const char *at(const char *name)
{
	static char paths[4][300];
	static unsigned next;
	char *path = paths[next++ % 4];
	(void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
	return path;
}

static bool there(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0;
}

static unsigned mode_of(const char *path)
{
	struct stat status;
	return lstat(path, &status) < 0 ? 0 : status.st_mode & 07777;
}

static int join(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int error = -errno;
	fd_close(&fd);
	return error;
}

static void test_open(void)
{
	struct listener one, two;
	mode_t umask_was = umask(0777);
	unsigned before = open_descriptors();
	ok(listener_open(at("made/scanner.sock"), 0666, &one, &why) == 0, "a path in a directory that is missing");
	ok(mode_of(at("made/scanner.sock")) == 0666, "its mode is as asked for, whatever the umask is");
	ok(mode_of(at("made")) == (geteuid() == 0 ? 0755 : 0700), "and that of the directory");
	ok(umask(umask_was) == 0777, "the umask stays");
	same(one.path, at("made/scanner.sock"), "the path");
	same(one.shown, one.path, "the one shown");
	ok(one.count == 1 && (fcntl(one.fds[0], F_GETFD) & FD_CLOEXEC) && (fcntl(one.fds[0], F_GETFL) & O_NONBLOCK) &&
		   (fcntl(one.lock, F_GETFD) & FD_CLOEXEC),
	   "no child gets socket or lock, and accepting does not wait");
	int client = join(one.path), served = accept4(one.fds[0], NULL, NULL, SOCK_CLOEXEC);
	ok(client >= 0 && served >= 0, "a client comes through");
	ok(listener_open(one.path, 0600, &two, &why) == -EADDRINUSE && strstr(why.text, "already") && !two.path &&
		   two.count == 0,
	   "no second scanner");
	ok(mode_of(one.path) == 0666 && there(at("made/scanner.sock.lock")), "which leaves the first alone");
	fd_close(&client);
	fd_close(&served);
	listener_close(&one);
	ok(!there(at("made/scanner.sock")) && !there(at("made/scanner.sock.lock")) && there(at("made")),
	   "removed in the end");
	listener_close(&one);
	ok(open_descriptors() == before, "no descriptor is left");
	ok(listener_open(at("made/scanner.sock"), 0600, &one, &why) == 0 && mode_of(one.path) == 0600, "and again");
	listener_close(&one);
}

static void test_queue(void)
{
	struct listener one;
	int clients[600], joined = 0;
	(void)listener_open(at("q.sock"), 0600, &one, &why);
	while (joined < 600 && (clients[joined] = join(one.path)) >= 0)
		joined++;
	okf(joined == 600, "600 clients wait before the first is accepted (%d)", joined);
	while (joined)
		fd_close(&clients[--joined]);
	listener_close(&one);
}

static void test_stale(void)
{
	struct listener one;
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		struct listener dead;
		(void)listener_open(at("stale.sock"), 0600, &dead, NULL);
		(void)raise(SIGKILL);
	}
	(void)waitpid(child, NULL, 0);
	ok(there(at("stale.sock")) && join(at("stale.sock")) == -ECONNREFUSED, "a killed scanner leaves its socket");
	ok(listener_open(at("stale.sock"), 0600, &one, &why) == 0, "its path is taken");
	int client = join(at("stale.sock"));
	ok(client >= 0, "and serves");
	fd_close(&client);
	listener_close(&one);
}

/* What others have there. */
static void test_foreign(void)
{
	struct listener one;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at("foreign.sock"));
	int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(other, (struct sockaddr *)&address, sizeof address) || listen(other, 0))
		abort();
	ok(listener_open(at("foreign.sock"), 0600, &one, &why) == -EADDRINUSE && strstr(why.text, "another program") &&
		   !there(at("foreign.sock.lock")),
	   "a socket of another program that is alive");
	int waiting[3] = {join(at("foreign.sock")), join(at("foreign.sock")), join(at("foreign.sock"))};
	ok(waiting[2] == -EAGAIN && listener_open(at("foreign.sock"), 0600, &one, &why) == -EADDRINUSE,
	   "also when its queue is full");
	for (int i = 0; i < 3; i++)
		fd_close(&waiting[i]);
	fd_close(&other);
	ok(listener_open(at("foreign.sock"), 0600, &one, &why) == 0, "when it is dead it is taken");
	(void)unlink(one.path);
	int fd = open(one.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	listener_close(&one);
	ok(there(at("foreign.sock")), "what took our place is not removed");
	ok(listener_open(at("foreign.sock"), 0600, &one, &why) == -EEXIST && there(at("foreign.sock")),
	   "a file is left");
	fd_close(&fd);
	ok(listener_open(root, 0600, &one, &why) == -EEXIST, "a directory is left");
	ok(symlink("foreign.sock", at("link.sock")) == 0 && listener_open(at("link.sock"), 0600, &one, &why) == -EEXIST,
	   "a link is left");
	ok(symlink("foreign.sock", at("l.sock.lock")) == 0 && listener_open(at("l.sock"), 0600, &one, &why) == -ELOOP,
	   "a lock that is a link is not followed");
	(void)mkfifo(at("f.sock.lock"), 0600);
	ok(listener_open(at("f.sock"), 0600, &one, &why) == -EEXIST, "a lock that is a pipe is not waited for");
}

static void test_paths(void)
{
	struct listener one;
	char longest[300];
	ok(mkdir(at("real"), 0700) == 0 && symlink("real", at("linked")) == 0 &&
		   listener_open(at("linked/x.sock"), 0600, &one, &why) == 0 && there(at("real/x.sock")),
	   "through a linked directory");
	listener_close(&one);
	ok(!there(at("real/x.sock")), "and removed there");
	(void)snprintf(longest, sizeof longest, "%s/%0*d", root, (int)(107 - strlen(root) - 1), 0);
	ok(listener_open(longest, 0600, &one, &why) == 0 && mode_of(longest) == 0600, "a path of 107 bytes");
	listener_close(&one);
	(void)strcat(longest, "0");
	ok(listener_open(longest, 0600, &one, &why) == -ENAMETOOLONG && strstr(why.text, "107") &&
		   strstr(why.text, longest),
	   "a longer one");
	ok(listener_open("", 0600, &one, &why) == -EINVAL, "an empty one");
	ok(listener_open(at("no/such/x.sock"), 0600, &one, &why) == -ENOENT && strstr(why.text, "no/such"),
	   "two levels are missing");
	ok(listener_open("/dev/null/x.sock", 0600, &one, &why) == -ENOTDIR, "below a file");
	if (chdir(root))
		abort();
	ok(listener_open("here.sock", 0600, &one, &why) == 0, "a relative path");
	same(one.shown, at("here.sock"), "is shown as an absolute one");
	listener_close(&one);
}

/* Tries to listen, holds the path for a moment if it wins, says so on a pipe. Twice at once would be seen there. */
static void contend(int won, unsigned seed)
{
	struct listener one;
	for (int i = 0; i < 40; i++) {
		if (listener_open(at("race.sock"), 0600, &one, NULL) == 0) {
			(void)!write(won, "+", 1);
			(void)usleep((seed + (unsigned)i) * 37 % 500);
			(void)!write(won, join(at("race.sock")) >= 0 ? "-" : "!", 1);
			listener_close(&one);
		}
	}
	_exit(0);
}

static void test_race(void)
{
	int ends[2];
	char got[2000] = "";
	if (pipe2(ends, O_CLOEXEC))
		abort();
	(void)fflush(stdout);
	for (unsigned i = 0; i < 8; i++)
		if (fork() == 0)
			contend(ends[1], i);
	fd_close(&ends[1]);
	while (wait(NULL) > 0)
		continue;
	size_t size = 0;
	ssize_t now;
	while ((now = read(ends[0], got + size, sizeof got - 1 - size)) > 0)
		size += (size_t)now;
	fd_close(&ends[0]);
	bool good = size >= 2 && size % 2 == 0;
	for (size_t i = 0; i + 1 < size; i += 2)
		good = good && got[i] == '+' && got[i + 1] == '-';
	okf(good, "8 scanners starting and ending at once: %zu times one listened, never two", size / 2);
	ok(!there(at("race.sock")) && !there(at("race.sock.lock")), "and nothing is left");
}

/* --- from the service manager ----------------------------------------------------------------------------------- */

/* In a child, whose descriptors from 3 on are free: the sockets are made, then `check` decides. */
static void activated(const char *count, const char *pid, bool (*check)(void), const char *title)
{
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		char own[32];
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd);
		(void)snprintf(own, sizeof own, "%d", (int)getpid());
		(void)setenv("LISTEN_PID", pid ? pid : own, 1);
		(void)setenv("LISTEN_FDS", count, 1);
		(void)setenv("LISTEN_FDNAMES", "a:b", 1);
		bool good = check() && !getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES");
		_exit(good ? 0 : 1);
	}
	int status = 1;
	(void)waitpid(child, &status, 0);
	ok(status == 0, title);
}

static int made(int domain, int type, const char *name, bool listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(domain, type, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
	if (name && bind(fd, (struct sockaddr *)&address, sizeof address))
		return -1;
	if (listening && listen(fd, 5))
		return -1;
	return fd;
}

static bool closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

static bool takes_two(void)
{
	struct listener one;
	if (made(AF_UNIX, SOCK_STREAM, at("1.sock"), true) != 3 || made(AF_UNIX, SOCK_STREAM, at("2.sock"), true) != 4)
		return false;
	bool good = listener_activate(&one, &why) == 1 && one.count == 2 && one.fds[0] == 3 && one.fds[1] == 4 &&
		    one.fds[2] == -1 && one.lock == -1 && !one.path && one.shown && !strcmp(one.shown, at("1.sock")) &&
		    (fcntl(3, F_GETFD) & FD_CLOEXEC) && (fcntl(4, F_GETFL) & O_NONBLOCK);
	listener_close(&one);
	return good && closed(3) && closed(4) && there(at("1.sock"));
}

static bool takes_abstract(void)
{
	struct listener one;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0csapi-test"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t) + 11) || listen(fd, 1))
		return false;
	bool good = listener_activate(&one, &why) == 1 && !strcmp(one.shown, "@csapi-test");
	listener_close(&one);
	return good;
}

static bool takes_none(void)
{
	struct listener one;
	(void)made(AF_UNIX, SOCK_STREAM, at("3.sock"), true);
	return listener_activate(&one, &why) == 0 && one.count == 0 && !closed(3);
}

static bool refuses(int error)
{
	struct listener one;
	return listener_activate(&one, &why) == error && one.count == 0 && one.fds[0] == -1 && closed(3) && why.text[0];
}

static bool refuses_datagrams(void)
{
	return made(AF_UNIX, SOCK_DGRAM, at("4.sock"), false) == 3 && refuses(-EINVAL);
}

static bool refuses_connected(void)
{
	return made(AF_UNIX, SOCK_STREAM, at("5.sock"), false) == 3 && refuses(-EINVAL);
}

static bool refuses_network(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd == 3 && listen(fd, 1) == 0 && refuses(-EINVAL);
}

static bool refuses_file(void)
{
	return open("/dev/null", O_RDONLY) == 3 && refuses(-EINVAL);
}

static bool refuses_missing(void)
{
	return refuses(-EBADF);
}

static bool refuses_second(void)
{
	return made(AF_UNIX, SOCK_STREAM, at("6.sock"), true) == 3 && refuses(-EBADF);
}

static bool refuses_many(void)
{
	for (int i = 0; i < LISTENER_MOST + 1; i++) {
		char name[20];
		(void)snprintf(name, sizeof name, "many%d", i);
		if (made(AF_UNIX, SOCK_STREAM, at(name), true) != 3 + i)
			return false;
	}
	return refuses(-E2BIG) && closed(3 + LISTENER_MOST);
}

static void test_activate(void)
{
	struct listener one;
	(void)unsetenv("LISTEN_FDS");
	ok(listener_activate(&one, &why) == 0 && one.count == 0, "no service manager");
	activated("2", NULL, takes_two, "two sockets");
	activated("1", NULL, takes_abstract, "one with an abstract name");
	activated("1", "1", takes_none, "meant for another process");
	activated("1x", NULL, takes_none, "no number");
	activated("", NULL, takes_none, "nothing");
	activated("0", NULL, takes_none, "zero");
	activated("-1", NULL, takes_none, "less than zero");
	activated("99999999999999999999", NULL, takes_none, "absurdly many");
	activated("1", NULL, refuses_datagrams, "datagrams");
	activated("1", NULL, refuses_connected, "a socket that does not listen");
	activated("1", NULL, refuses_network, "the network");
	activated("1", NULL, refuses_file, "a file");
	activated("1", NULL, refuses_missing, "no descriptor");
	activated("2", NULL, refuses_second, "a second that is missing; the first is closed");
	activated("5", NULL, refuses_many, "too many");
}

/* --- where ------------------------------------------------------------------------------------------------------ */

/* The default path and the candidates, joined; as `user` where we may be. */
static void looks(uid_t user, const char *wanted, const char *title)
{
	int ends[2];
	char got[600] = "";
	if (geteuid() != 0 && user != geteuid()) {
		skip(title, "not root");
		return;
	}
	(void)fflush(stdout);
	if (pipe2(ends, O_CLOEXEC))
		abort();
	pid_t child = fork();
	if (child == 0) {
		char *paths[2], text[600];
		if (user && geteuid() == 0 && setuid(user))
			_exit(1);
		char *usual = listener_default_path();
		int count = listener_candidates(paths);
		(void)snprintf(text, sizeof text, "%s %d %s %s", usual, count, paths[0], paths[1] ? paths[1] : "-");
		_exit(fd_write_all(ends[1], text, strlen(text)) ? 1 : 0);
	}
	fd_close(&ends[1]);
	(void)!read(ends[0], got, sizeof got - 1);
	fd_close(&ends[0]);
	(void)waitpid(child, NULL, 0);
	same(got, wanted, title);
}

static void test_where(void)
{
	uid_t user = geteuid() ? geteuid() : NOBODY;
	(void)unsetenv("CSAPI_SOCKET");
	(void)setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	looks(user, "/run/user/1/csapi/scanner.sock 2 /run/user/1/csapi/scanner.sock /run/csapi/scanner.sock",
	      "a user");
	looks(0, "/run/csapi/scanner.sock 1 /run/csapi/scanner.sock -", "root looks in no user's directory");
	(void)setenv("CSAPI_SOCKET", "/x.sock", 1);
	looks(user, "/run/user/1/csapi/scanner.sock 1 /x.sock -", "CSAPI_SOCKET alone");
	(void)setenv("CSAPI_SOCKET", "", 1);
	(void)setenv("XDG_RUNTIME_DIR", "run", 1);
	looks(user, "/run/csapi/scanner.sock 1 /run/csapi/scanner.sock -", "a relative XDG_RUNTIME_DIR is none");
	(void)unsetenv("XDG_RUNTIME_DIR");
	looks(user, "/run/csapi/scanner.sock 1 /run/csapi/scanner.sock -", "no XDG_RUNTIME_DIR");
}

int main(void)
{
	if (!mkdtemp(root)) {
		perror(root);
		return 2;
	}
	(void)alarm(60);
	test_open();
	test_queue();
	test_stale();
	test_foreign();
	test_paths();
	test_race();
	test_activate();
	test_where();
	char command[100];
	(void)snprintf(command, sizeof command, "rm -rf %s", root);
	ok(system(command) == 0, "cleaned up");
	return tap_end();
}
