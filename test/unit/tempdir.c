/*
 * tempdir.c - what hostile code left in a directory is removed, and nothing outside it.
 */
#include "process/tempdir.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
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
	int error = tempdir_remove_path(path);
	ok(error == 0 ? !there(path) : error == -ELOOP, "5000: removed, or said that something is left");
	run("rm -rf %s", path);
}

int main(void)
{
	if (!mkdtemp(root)) {
		perror(root);
		return 2;
	}
	test_create();
	test_links();
	test_odd_entries();
	test_rights();
	test_deep();
	run("rm -rf %s", root);
	return tap_end();
}
