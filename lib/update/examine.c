/*
 * examine.c - csapi-worker --check, as a child; see examine.h. Refuses a second answer.
 */
#include "update/examine.h"

#include "update/child.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY         65534
#define CHECK_LINE_MAX (8u << 20) /* a set of DEFINITION_FILES_MAX files, each with a source and a fault */

struct answer {
	struct check check;
	bool there;
};

static int take_line(void *context, const char *text, size_t size)
{
	struct answer *answer = context;
	if (answer->there)
		return -EBADMSG;
	int error = check_json_decode(text, size, &answer->check);
	answer->there = !error;
	return error;
}

/* "UID:GID:NAME" of an unprivileged user: ours, or one that every system has by this number. */
static int name_user(char *ret_text, size_t size, uid_t *ret_user, gid_t *ret_group)
{
	static const char *const names[] = {"csapi", "nobody"};
	const struct passwd *user = NULL;
	for (size_t i = 0; !user && i < sizeof names / sizeof *names; i++) {
		errno = 0;
		user = getpwnam(names[i]);
		/* That nobody could look is no reason to stay root. */
		if (!user && (why_is_shortage(-errno) || errno == EINTR))
			return -errno;
		user = user && user->pw_uid != 0 ? user : NULL;
	}
	*ret_user = user ? user->pw_uid : NOBODY;
	*ret_group = user ? user->pw_gid : NOBODY;
	(void)snprintf(ret_text, size, "%ju:%ju:%s", (uintmax_t)*ret_user, (uintmax_t)*ret_group,
		       user ? user->pw_name : "nobody");
	return 0;
}

/* Root does not parse what came from elsewhere: somebody else does, who is given the directory; "" where we are nobody special. */
static int find_user(const char *base, char *ret_text, size_t size)
{
	uid_t user = NOBODY;
	gid_t group = NOBODY;
	ret_text[0] = '\0';
	int error = geteuid() == 0 ? name_user(ret_text, size, &user, &group) : 0;
	if (error || !ret_text[0] || lchown(base, user, group) == 0)
		return error;
	/* In a namespace that knows one user only, root is that one, and no more than anybody outside. */
	if (errno != EINVAL)
		return -errno;
	ret_text[0] = '\0';
	return 0;
}

/* What its end means, where it did not answer. */
static int no_answer(int status, struct why *why)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return why_set(why, -ENOMEM, "the test load was killed: most likely there is not enough memory for it");
	if (WIFSIGNALED(status))
		return why_set(why, -EBADMSG, "the test load crashed (signal %d)", WTERMSIG(status));
	return why_set(why, -EPROTO, "the test load ended without an answer (exit status %d)",
		       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* It could not look, which says nothing of the files. `user`: as in find_user. */
static int not_done(const struct check *check, const char *user, struct why *why)
{
	const char *name = strrchr(user, ':');
	switch (check->code) {
	case DEC_RESULT_OUT_OF_MEMORY:
		/* It says so itself where its own child was killed. */
		return why_set(why, -ENOMEM, "the test load found not enough memory: %s", check->text);
	case DEC_RESULT_DEF_DIR_ACCESS_FAILED:
		return why_set(why, -EIO, "%s%s%s%s", check->text, name ? " (for user " : "", name ? name + 1 : "",
			       name ? ", who verifies instead of root)" : "");
	case DEC_RESULT_TEMP_DIR_ACCESS_FAILED:
	case DEC_RESULT_INIT_DECOMPOSER_FAILED:
	case AVS_RESULT_SCANNER_NOT_INITIALIZED:
		return why_set(why, -EIO, "%s", check->text);
	default:
		return 0;
	}
}

int examine(const struct examination *examination, struct check *ret_check, struct why *why)
{
	char user[128];
	int status, error = find_user(examination->base, user, sizeof user);
	if (error)
		return why_errno(why, error, "cannot give %s to the user who verifies", examination->base);
	const char *argv[10] = {examination->worker_path, "--check", "--definitions",
				examination->directory,   "--base",  examination->base};
	unsigned count = 6;
	if (examination->verify_only)
		argv[count++] = "--verify-only";
	if (user[0]) {
		argv[count++] = "--drop";
		argv[count++] = user;
	}
	struct answer answer = {.there = false};
	struct child_task task = {
		.path = examination->worker_path,
		.argv = (char *const *)(uintptr_t)argv,
		.deadline = examination->deadline,
		.line_max = CHECK_LINE_MAX,
		.stop = examination->stop,
		.keep = examination->keep,
		.line = take_line,
		.context = &answer,
	};
	error = child_run(&task, &status, why);
	/* Whatever made it say that, it was what it looked at. */
	if (error == -EBADMSG || error == -EMSGSIZE)
		error = why_set(why, -EBADMSG, "the answer of the test load is not understood");
	if (!error && !answer.there)
		error = no_answer(status, why);
	error = error ? error : not_done(&answer.check, user, why);
	if (error && answer.there)
		check_free(&answer.check);
	else if (!error)
		*ret_check = answer.check;
	return error;
}
