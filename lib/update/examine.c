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

/* Root does not parse what came from elsewhere: "UID:GID:NAME" of somebody else, "" where we are nobody special. Gives the directory to that user. */
static int find_user(const char *base, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	const struct passwd *user = geteuid() == 0 ? getpwnam("csapi") : NULL;
	if (geteuid() == 0 && !user)
		user = getpwnam("nobody");
	if (!user || user->pw_uid == 0)
		return 0;
	(void)snprintf(ret_text, size, "%ju:%ju:%s", (uintmax_t)user->pw_uid, (uintmax_t)user->pw_gid, user->pw_name);
	if (lchown(base, user->pw_uid, user->pw_gid) == 0)
		return 0;
	/* Root of a user namespace without that user is nobody special outside. */
	ret_text[0] = '\0';
	return errno == EINVAL ? 0 : -errno;
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
