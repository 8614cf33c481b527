/*
 * definitions.c - which directory is meant, and that a set stays as long as it is held, whatever is removed beside it.
 */
#include "process/definitions.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES 5

static char root[] = "/tmp/csapi-definitions-XXXXXX";

/* In place of the C library's: what happens just before a lock is taken, and what comes of it. */
static void (*before_lock)(void);
static int lock_errno;

int flock(int fd, int operation)
{
	if (before_lock)
		before_lock();
	if (lock_errno) {
		errno = lock_errno;
		return -1;
	}
	return (int)syscall(SYS_flock, fd, operation);
}

static void run(const char *command)
{
	if (system(command) != 0) {
		(void)printf("# failed: %s\n", command);
		exit(2);
	}
}

/* What a name below the root stands for is this one, below the root as well. */
static void means(const char *name, const char *wanted, const char *title)
{
	char named[PATH_MAX], expected[PATH_MAX];
	struct definitions_source source;
	struct why why = {""};
	(void)snprintf(named, sizeof named, "%s/%s", root, name);
	(void)snprintf(expected, sizeof expected, "%s/%s", root, wanted);
	if (definitions_open(named, &source, &why)) {
		okf(false, "%s: %s", title, why.text);
		return;
	}
	same(source.path, expected, title);
	definitions_close(&source);
}

static void test_names(void)
{
	run("mkdir -p plain store/versions/1 store/versions/2 own/versions/1 foreign/versions dangling/versions "
	    "elsewhere");
	run("touch plain/a.ndb store/versions/1/a.ndb own/versions/1/a.ndb own/local.ndb elsewhere/a.ndb "
	    "store/state.json");
	run("ln -s versions/1 store/current && ln -s versions/1 own/current && ln -s ../elsewhere foreign/current");
	run("ln -s versions/9 dangling/current && ln -s plain link && ln -s store link-to-store");
	means("plain", "plain", "a directory is itself");
	means("link", "plain", "a link is what it leads to");
	means("store", "store/versions/1", "the root of a store is its current set");
	means("link-to-store", "store/versions/1", "also by a link");
	means("store/current", "store/versions/1", "so is the link in it");
	means("store/versions/2", "store/versions/2", "a set that is named is that set");
	means("own", "own", "with a definition file of its own it is no store");
	means("foreign", "foreign", "nor with a current that leads elsewhere");
	means("dangling", "dangling/current", "where that leads nowhere nothing else is taken for it");
	means("missing", "missing", "what is not there is left to the engine");
	run("ln -sfn versions/2 store/current");
	means("store", "store/versions/2", "every time anew");
}

/* Nobody named one: what it is depends on the machine, but not this. */
static void test_unnamed(void)
{
	struct definitions_source source;
	struct why why = {""};
	struct stat status;
	int error = definitions_open(NULL, &source, &why);
	ok(error ? error == -ENODATA && why.text[0] : stat(source.path, &status) == 0 && S_ISDIR(status.st_mode),
	   "without a name there is a directory, or a reason why not");
	if (!error)
		definitions_close(&source);
}

static bool lockable(const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0;
	(void)close(directory);
	return locked;
}

static void test_lock(void)
{
	struct definitions_source one, other;
	struct why why = {""};
	ok(definitions_open("store", &one, &why) == 0 && one.lock >= 0 &&
		   definitions_open("store", &other, &why) == 0 && other.lock >= 0,
	   "two readers hold one set");
	ok(fcntl(one.lock, F_GETFD) == FD_CLOEXEC, "no program that is started inherits it");
	ok(!lockable("store/versions/2") && lockable("store/versions/1"), "it is locked, and no other");
	definitions_close(&one);
	ok(!lockable("store/versions/2"), "also when one of them is gone");
	definitions_close(&other);
	ok(lockable("store/versions/2") && !other.path && other.lock == -1, "and free when both are");
	definitions_close(&other);

	int foreign = open("plain", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (flock(foreign, LOCK_EX) < 0)
		exit(2);
	ok(definitions_open("plain", &one, &why) == 0 && one.lock == -1 && strstr(one.path, "/plain"),
	   "a directory that somebody else keeps locked is used without");
	definitions_close(&one);
	(void)close(foreign);
}

/* ---- locks that are late, or not to be had ---- */

static void remove_once(void)
{
	before_lock = NULL;
	run("ln -sfn versions/2 late/current && mv late/versions/1 late/away && rm -r late/away");
}

/* The whole of a removal may lie between opening a directory and locking it. */
static void test_late(void)
{
	struct definitions_source source;
	struct why why = {""};
	run("mkdir -p late/versions/1 late/versions/2 && ln -s versions/1 late/current");
	before_lock = remove_once;
	ok(definitions_open("late", &source, &why) == 0 && !before_lock && source.lock >= 0 &&
		   strstr(source.path, "/late/versions/2"),
	   "a set that was removed before it could be locked: the next one");
	definitions_close(&source);
}

static unsigned locks_left;

static void lock_at_last(void)
{
	lock_errno = --locks_left ? EWOULDBLOCK : 0;
}

static void test_errors(void)
{
	static const int none[] = {ENOLCK, EROFS, EACCES, EBADF, ENOTSUP};
	struct definitions_source source;
	struct why why = {""};
	unsigned good = 0;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		lock_errno = none[i];
		if (definitions_open("store", &source, &why))
			continue;
		good += source.lock == -1 && strstr(source.path, "/store/versions/2");
		definitions_close(&source);
	}
	lock_errno = 0;
	ok(good == sizeof none / sizeof *none, "where there are no locks it is used without");

	locks_left = 5;
	before_lock = lock_at_last;
	ok(definitions_open("store", &source, &why) == 0 && source.lock >= 0 && locks_left == 0,
	   "one that is locked for a moment is waited for");
	definitions_close(&source);
	before_lock = NULL;

	int open_before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)close(open_before);
	lock_errno = EWOULDBLOCK;
	(void)definitions_open("store", &source, &why);
	lock_errno = 0;
	int open_after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ok(source.lock == -1 && open_after == open_before, "no descriptor is left behind");
	(void)close(open_after);
	definitions_close(&source);
}

/* ---- sets that come and go ---- */

static void write_set(const char *path)
{
	char file[PATH_MAX];
	if (mkdir(path, 0755) < 0)
		exit(3);
	for (int i = 0; i < FILES; i++) {
		(void)snprintf(file, sizeof file, "%s/%d.ndb", path, i);
		int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || close(fd) < 0)
			exit(3);
	}
}

static void make_current(unsigned number)
{
	char target[64];
	(void)snprintf(target, sizeof target, "versions/%u", number);
	if (symlink(target, "busy/next") < 0 || rename("busy/next", "busy/current") < 0)
		exit(3);
}

/* As csapi-update does: locked for itself alone, away, and only then unlinked. False: somebody reads it. */
static bool prune(const char *path)
{
	char file[PATH_MAX];
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return true;
	bool free_now = flock(directory, LOCK_EX | LOCK_NB) == 0;
	if (free_now && rename(path, "busy/away") < 0)
		exit(3);
	for (int i = 0; free_now && i < FILES; i++) {
		(void)snprintf(file, sizeof file, "busy/away/%d.ndb", i);
		(void)unlink(file);
	}
	if (free_now)
		(void)rmdir("busy/away");
	(void)close(directory);
	return free_now;
}

/* Every set but the newest goes as soon as it can, which is harder than csapi-update, which keeps one more. */
static void come_and_go(int report)
{
	unsigned counts[3] = {0, 0, 0}; /* made, removed, held */
	char path[64];
	for (unsigned number = 1; access("busy/stop", F_OK) < 0; number++) {
		(void)snprintf(path, sizeof path, "busy/versions/%u", number);
		write_set(path);
		make_current(number);
		counts[0]++;
		for (unsigned old = number > 4 ? number - 4 : 1; old < number; old++) {
			(void)snprintf(path, sizeof path, "busy/versions/%u", old);
			if (access(path, F_OK) < 0)
				continue;
			counts[prune(path) ? 1 : 2]++;
		}
	}
	if (write(report, counts, sizeof counts) != sizeof counts)
		exit(3);
}

static unsigned count_files(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;
	if (!directory)
		return 0;
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	(void)closedir(directory);
	return count;
}

static void test_race(void)
{
	struct why why = {""};
	struct definitions_source source;
	unsigned counts[3] = {0}, partial = 0, unlocked = 0, moved = 0;
	int report[2], status;
	char last[PATH_MAX] = "";
	run("mkdir -p busy/versions/0 && touch busy/versions/0/a.ndb && ln -s versions/0 busy/current && rm -r "
	    "busy/versions/0");
	if (pipe(report) < 0)
		exit(2);
	pid_t pid = fork();
	if (pid == 0) {
		come_and_go(report[1]);
		_exit(0);
	}
	while (access("busy/current/.", F_OK) < 0)
		(void)usleep(1000);
	/* On a slow disk sets come slowly. */
	for (unsigned i = 0; i < 3000 || (moved < 40 && i < 300000); i++) {
		if (definitions_open("busy", &source, &why))
			exit(2);
		moved += strcmp(last, source.path) != 0;
		(void)snprintf(last, sizeof last, "%s", source.path);
		unlocked += source.lock < 0;
		if (i % 50 == 0)
			(void)usleep(2000);
		partial += count_files(source.path) != FILES;
		definitions_close(&source);
	}
	run("touch busy/stop");
	if (read(report[0], counts, sizeof counts) != sizeof counts)
		exit(2);
	(void)waitpid(pid, &status, 0);
	printf("# %u sets made, %u removed, %u times one was held; %u different ones were opened\n", counts[0],
	       counts[1], counts[2], moved);
	ok(counts[1] > 20 && moved > 20, "sets come and go while they are opened");
	ok(counts[2] > 0, "one that is held is not removed");
	okf(unlocked == 0 && partial == 0, "each was locked and whole: %u were not locked, %u not whole", unlocked,
	    partial);
}

int main(void)
{
	if (!mkdtemp(root) || chdir(root) < 0) {
		perror(root);
		return 2;
	}
	test_names();
	test_unnamed();
	test_lock();
	test_late();
	test_errors();
	test_race();
	if (chdir("/") == 0) {
		char command[64];
		(void)snprintf(command, sizeof command, "rm -rf '%s'", root);
		run(command);
	}
	return tap_end();
}
