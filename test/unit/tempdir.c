/*
 * tempdir.c - what hostile code left in a directory is removed, and nothing outside it.
 */
#include "process/tempdir.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char root[] = "/tmp/csapi-tempdir-XXXXXX";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[2000];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	if (system(command) != 0) {
		(void)printf("# failed: %s\n", command);
		exit(2);
	}
}

static bool there(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0;
}

static void test_create(void)
{
	struct tempdir one, two;
	struct why why = {""};
	struct stat status;
	ok(tempdir_create(root, &one, &why) == 0 && tempdir_create(root, &two, &why) == 0 &&
		   strcmp(one.path, two.path) != 0 && one.path[0] == '/',
	   "two directories");
	ok(stat(one.path, &status) == 0 && (status.st_mode & 07777) == 0700, "for us alone");
	char *child = NULL;
	ok(tempdir_child(&one, "0-0", &child, &why) == 0 && stat(child, &status) == 0 &&
		   (status.st_mode & 07777) == 0700,
	   "a directory inside");
	char *again = NULL;
	ok(tempdir_child(&one, "0-0", &again, &why) == -EEXIST && !again && strstr(why.text, "0-0"), "not twice");
	free(child);
	tempdir_remove(&one);
	tempdir_remove(&one);
	tempdir_remove(&two);
	ok(!one.path && !two.path && rmdir(root) == 0 && mkdir(root, 0755) == 0, "removed with what is inside");
	ok(tempdir_create("/nonexistent/x", &one, &why) == -ENOENT && !one.path && strstr(why.text, "/nonexistent/x"),
	   "no such base");
	ok(tempdir_create("/dev/null", &one, &why) == -ENOTDIR && !one.path, "a base that is no directory");
	ok(tempdir_create("", &one, &why) == -ENOENT && !one.path, "a base without a name");
}

static int open_directories(void)
{
	int count = 0;
	for (int fd = 3; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_base(void)
{
	(void)setenv("TMPDIR", "/somewhere/else", 1);
	same(tempdir_base(0), "/somewhere/else", "TMPDIR says where");
	(void)setenv("TMPDIR", "", 1);
	same(tempdir_base(UINT64_MAX), "/tmp", "memory that has no room is not taken");
	struct statfs memory;
	if (statfs("/dev/shm", &memory) || memory.f_type != TMPFS_MAGIC || memory.f_bavail == 0 ||
	    eaccess("/dev/shm", W_OK | X_OK))
		skip("memory where it has room", "there is none");
	else
		same(tempdir_base((uint64_t)memory.f_bsize), "/dev/shm", "memory where it has room");
	(void)unsetenv("TMPDIR");
}

static void test_empty(void)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/e", root);
	run("mkdir %s", path);
	ok(tempdir_empty(path), "nothing is in it");
	run("touch %s/.x", path);
	ok(!tempdir_empty(path), "a hidden file");
	run("rm %s/.x && mkdir %s/...", path, path);
	ok(!tempdir_empty(path), "a directory with an odd name");
	run("rmdir %s/... && cd %s && seq 500 | xargs touch && seq 500 | xargs rm", path, path);
	ok(tempdir_empty(path), "nothing again");
	run("rmdir %s && ln -s /proc %s", path, path);
	ok(!tempdir_empty(path) && !tempdir_empty("/nonexistent") && !tempdir_empty("/dev/null"),
	   "what is no directory is not empty");
	run("rm %s", path);
}

static void test_sweep(void)
{
	struct tempdir held, left;
	struct why why = {""};
	char outside[200];
	int before = open_directories();
	ok(tempdir_create(root, &held, &why) == 0 && tempdir_create(root, &left, &why) == 0 &&
		   (fcntl(held.lock, F_GETFD) & FD_CLOEXEC),
	   "held, and by no program that is started");
	run("mkdir -p %s/0-0/deep/er && touch %s/0-0/deep/er/f && ln -s %s %s/link", left.path, left.path, held.path,
	    left.path);
	run("cd %s && mkdir csapi-short csapi-toolong1 other-Abc123 csapi-Ab.123 && touch csapi-file01 && ln -s "
	    "other-Abc123 csapi-Link01",
	    root);
	ok(tempdir_sweep(root) == 0 && there(left.path) && there(held.path), "what is held is not swept away");
	(void)close(left.lock);
	ok(tempdir_sweep(root) == 1 && !there(left.path) && there(held.path), "what was left is");
	free(left.path);
	bool kept = true;
	static const char *const names[] = {"csapi-short",  "csapi-toolong1", "other-Abc123",
					    "csapi-Ab.123", "csapi-file01",   "csapi-Link01"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(outside, sizeof outside, "%s/%s", root, names[i]);
		kept = kept && there(outside);
	}
	ok(kept, "other names, files and links are not ours");
	run("cd %s && rm -r csapi-short csapi-toolong1 other-Abc123 csapi-Ab.123 csapi-file01 csapi-Link01", root);
	tempdir_remove(&held);
	ok(held.lock == -1 && open_directories() == before, "no descriptor is left");
	ok(tempdir_sweep("/nonexistent/x") == -ENOENT && tempdir_sweep("/dev/null") == -ENOTDIR, "no such base");
	if (geteuid() != 0) {
		skip("another user's", "not root");
		return;
	}
	run("mkdir %s/csapi-Theirs && chown 65534 %s/csapi-Theirs", root, root);
	ok(tempdir_sweep(root) == 0, "another user's is left alone");
	run("rmdir %s/csapi-Theirs", root);
}

/* Many scanners start in one place, and each sweeps first: nobody may lose what it holds. */
static bool starts_and_sweeps(void)
{
	struct why why = {""};
	bool good = true;
	for (int i = 0; i < 200 && good; i++) {
		struct tempdir mine;
		good = tempdir_sweep(root) >= 0 && tempdir_create(root, &mine, &why) == 0 && there(mine.path);
		if (good)
			tempdir_remove(&mine);
	}
	return good;
}

static void test_race(void)
{
	(void)fflush(stdout);
	for (int i = 0; i < 4; i++)
		if (fork() == 0)
			_exit(starts_and_sweeps() ? 0 : 1);
	bool good = true;
	int status;
	while (wait(&status) > 0)
		good = good && status == 0;
	ok(good, "four that start and sweep at once");
	ok(rmdir(root) == 0 && mkdir(root, 0755) == 0, "and nothing is left");
}

static void test_links(void)
{
	char path[200], outside[200];
	run("mkdir %s/outside %s/outside/sub %s/t %s/t/d; echo keep >%s/outside/sub/keep", root, root, root, root,
	    root);
	run("cd %s/t && ln -s ../outside link && ln -s ../outside/sub/keep file && ln -s . self && ln -s "
	    "d/../../outside d/up &&"
	    " ln -s /nonexistent dangling && ln -s .. d/.hidden && ln ../outside/sub/keep d/hard",
	    root);
	(void)snprintf(path, sizeof path, "%s/t", root);
	(void)snprintf(outside, sizeof outside, "%s/outside/sub/keep", root);
	ok(tempdir_remove_path(path) == 0 && !there(path), "links are removed");
	ok(there(outside), "and what they lead to is not");
	(void)snprintf(path, sizeof path, "%s/link", root);
	run("ln -s outside %s/link", root);
	ok(tempdir_remove_path(path) == 0 && !there(path) && there(outside), "nor when the path itself is a link");
	run("rm -r %s/outside", root);
}

static void test_odd_entries(void)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/t", root);
	run("mkdir %s && cd %s && mkfifo fifo && touch -- -rf '*' ' ' \"$(printf 'a\\nb')\" \"$(printf '\\377')\" ... "
	    "&&"
	    " chmod 0 -- -rf && mkdir -p d/e/f && seq 3000 | xargs touch",
	    path, path);
	ok(tempdir_remove_path(path) == 0 && !there(path), "pipes, odd names, files without rights, 3000 of them");
	ok(tempdir_remove_path(path) == 0, "a path that is not there is as good as removed");
	run("touch %s", path);
	ok(tempdir_remove_path(path) == 0 && !there(path), "a file");
}

/* As an ordinary user, whom rights matter to. */
static bool without_rights(void)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/n/t", root);
	if (geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY)))
		return false;
	run("mkdir -p %s/a/b %s/none/x %s/read %s/write/y && touch %s/a/b/f %s/read/f", path, path, path, path, path,
	    path);
	run("chmod 555 %s/a/b; chmod 0 %s/none; chmod 444 %s/read; chmod 333 %s/write; chmod 0 %s", path, path, path,
	    path, path);
	return tempdir_remove_path(path) == 0 && !there(path);
}

static void test_rights(void)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/n", root);
	run("mkdir %s && chmod 777 %s && chmod 755 %s", path, path, root);
	(void)fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(without_rights() ? 0 : 1);
	int status = 1;
	ok(waitpid(child, &status, 0) == child && status == 0,
	   "directories without the right to list, write or enter them");
	run("chmod -R u+rwx %s; rm -rf %s", path, path);
}

/* Makes directories in directories; the deepest holds a file. */
static void make_deep(const char *path, unsigned depth)
{
	int fd = -1;
	if (mkdir(path, 0700) || (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
	for (unsigned i = 1; i < depth; i++) {
		int below = -1;
		if (mkdirat(fd, "d", 0700) || (below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
			abort();
		(void)close(fd);
		fd = below;
	}
	(void)close(openat(fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	(void)close(fd);
}

static void test_deep(void)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/deep", root);
	make_deep(path, 60);
	ok(tempdir_remove_path(path) == 0 && !there(path), "60 directories in one another");
	make_deep(path, 5000);
	ok(tempdir_remove_path(path) == 0 && !there(path), "5000");
	run("mkdir -p %s/a/b/c/d/e %s/a/f/g/h && cd %s/a && touch b/x b/c/x b/c/d/x f/g/x f/g/h/x && chmod 0 b/c/d f/g",
	    path, path, path);
	ok(tempdir_remove_path(path) == 0 && !there(path), "several, files and no rights between them");
}

int main(void)
{
	if (!mkdtemp(root)) {
		perror(root);
		return 2;
	}
	test_base();
	test_create();
	test_empty();
	test_sweep();
	test_race();
	test_links();
	test_odd_entries();
	test_rights();
	test_deep();
	run("rm -rf %s", root);
	return tap_end();
}
