/*
 * input.c - walks the inputs named on the command line; see input.h.
 *
 * Names are opened without waiting (a FIFO without a writer must not hang the open), without a controlling terminal, and, below a
 * directory, without following a link. Called by batch.c.
 */
#include "input.h"

#include "base/utf8.h"
#include "name_list.h"
#include "notice.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_NAME_MAX (3 * PATH_MAX) /* bytes of a name in a verdict: each byte of a path may become U+FFFD */

struct input_walk {
	const struct settings *settings;
	unsigned next;          /* of settings->inputs */
	struct name_list *list; /* of --files0-from; NULL: none, or at its end */
	struct why list_why;    /* why it could not be opened */
	FTS *tree;              /* the directory being walked; NULL: none */
	char *root;             /* its name */
	unsigned long files, links, specials;
	bool standard_used;
};

int input_open(const struct settings *settings, struct input_walk **ret_walk)
{
	struct input_walk *walk = calloc(1, sizeof *walk);
	if (!walk)
		return -ENOMEM;
	walk->settings = settings;
	if (settings->files0_from) {
		int error = name_list_open(settings->files0_from, &walk->list, &walk->list_why);
		if (error == -ENOMEM) {
			free(walk);
			return error;
		}
	}
	*ret_walk = walk;
	return 0;
}

static void leave_tree(struct input_walk *walk)
{
	if (walk->tree)
		(void)fts_close(walk->tree);
	walk->tree = NULL;
	free(walk->root);
	walk->root = NULL;
}

void input_close(struct input_walk *walk)
{
	if (!walk)
		return;
	leave_tree(walk);
	name_list_close(walk->list);
	free(walk);
}

unsigned input_total(const struct settings *settings)
{
	if (settings->files0_from || settings->recursive)
		return 0;
	return settings->input_count ? settings->input_count : 1;
}

/* Fills in the name; 1, or -ENOMEM. */
static int named(struct input *input, const char *name)
{
	input->name = utf8_clean(name, strlen(name), INPUT_NAME_MAX);
	if (input->name)
		return 1;
	if (input->fd >= 0)
		(void)close(input->fd);
	return -ENOMEM;
}

static int trouble(struct input *input, const char *name, int error, const char *what)
{
	input->fd = -1;
	(void)why_errno(&input->why, error, "%s", what);
	return named(input, name);
}

static int take_standard_input(struct input_walk *walk, struct input *input)
{
	input->standard = true;
	input->fd = -1;
	/* Read twice it would be empty the second time, and an empty message is clean. */
	if (walk->standard_used)
		(void)why_set(&input->why, 0, "standard input was named before and can be read only once");
	else if ((input->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0)
		(void)why_errno(&input->why, errno, "cannot read standard input");
	else if (isatty(STDIN_FILENO) && !walk->settings->quiet)
		notice("reading a message from the terminal; end it with Ctrl-D on a line of its own");
	walk->standard_used = true;
	return named(input, "-");
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A directory named by the user: 1 with an input where it cannot be walked, 0 when the walk began, -ENOMEM. */
static int enter_tree(struct input_walk *walk, const char *name, struct input *input)
{
	if (!walk->settings->recursive) {
		input->fd = -1;
		(void)why_set(&input->why, 0, "is a directory; --recursive scans the files below it");
		return named(input, name);
	}
	walk->root = strdup(name);
	char *roots[] = {walk->root, NULL};
	walk->tree = walk->root ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name) : NULL;
	walk->files = walk->links = walk->specials = 0;
	if (walk->tree)
		return 0;
	int error = errno;
	leave_tree(walk);
	return error == ENOMEM ? -ENOMEM : trouble(input, name, error, "cannot list the directory");
}

/* A name given by the user. Answers as enter_tree does. */
static int take_name(struct input_walk *walk, const char *name, struct input *input)
{
	if (name[0] == '\0') {
		input->fd = -1;
		(void)why_set(&input->why, 0, "the name of an input is empty");
		return named(input, name);
	}
	input->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (input->fd < 0)
		return trouble(input, name, errno, "cannot open");
	struct stat status;
	if (fstat(input->fd, &status) == 0 && S_ISDIR(status.st_mode)) {
		(void)close(input->fd);
		return enter_tree(walk, name, input);
	}
	return named(input, name);
}

/* A file met in a walk, which must not have become a link since. */
static int take_found(const char *path, struct input *input)
{
	input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	return input->fd < 0 ? trouble(input, path, errno, "cannot open") : named(input, path);
}

/* Tells what a finished walk did not scan: silence would look like a clean verdict about it. */
static void tell_left_out(const struct input_walk *walk)
{
	if (walk->links || walk->specials)
		notice("%s: left out symbolic links (%lu) and special files (%lu); name them to scan them", walk->root,
		       walk->links, walk->specials);
	if (!walk->files)
		notice("%s: holds no files to scan", walk->root);
}

/* The next file of the walk: 1 with an input, 0 at its end, -ENOMEM. */
static int next_found(struct input_walk *walk, struct input *input)
{
	const FTSENT *entry;
	while (errno = 0, (entry = fts_read(walk->tree)) != NULL) {
		int taken = 0;
		switch (entry->fts_info) {
		case FTS_D:
		case FTS_DP:
			break;
		case FTS_DC:
			input->fd = -1;
			(void)why_set(&input->why, 0, "the directory contains itself");
			taken = named(input, entry->fts_path);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			taken = trouble(input, entry->fts_path, entry->fts_errno, "cannot list the directory");
			break;
		case FTS_F:
			taken = take_found(entry->fts_path, input);
			break;
		case FTS_SL:
		case FTS_SLNONE:
			walk->links++;
			break;
		default:
			walk->specials++;
		}
		walk->files += taken > 0;
		if (taken)
			return taken;
	}
	int error = errno;
	tell_left_out(walk);
	int taken = error ? trouble(input, walk->root, error, "cannot list the directory") : 0;
	leave_tree(walk);
	return taken;
}

/* The next name of the list. Answers as enter_tree does; the list is gone after its last name. */
static int next_listed(struct input_walk *walk, struct input *input)
{
	const char *name;
	int got = name_list_next(walk->list, &name, &input->why);
	if (got <= 0) {
		bool empty = got == 0 && name_list_count(walk->list) == 0;
		name_list_close(walk->list);
		walk->list = NULL;
		if (empty)
			notice("%s: holds no names of inputs", walk->settings->files0_from);
		input->fd = -1;
		return got == 0 ? 0 : named(input, walk->settings->files0_from);
	}
	if (input->why.text[0]) {
		input->fd = -1;
		return named(input, name);
	}
	bool standard = strcmp(name, "-") == 0;
	if (!standard)
		return take_name(walk, name, input);
	walk->standard_used = walk->standard_used || strcmp(walk->settings->files0_from, "-") == 0;
	return take_standard_input(walk, input);
}

bool input_ready(const struct input_walk *walk)
{
	return walk->tree || !walk->list || name_list_ready(walk->list);
}

int input_next(struct input_walk *walk, struct input *ret_input)
{
	const struct settings *settings = walk->settings;
	for (;;) {
		*ret_input = (struct input){.fd = -1};
		int taken;
		if (walk->tree) {
			taken = next_found(walk, ret_input);
		} else if (walk->list) {
			taken = next_listed(walk, ret_input);
		} else if (walk->list_why.text[0]) {
			ret_input->why = walk->list_why;
			walk->list_why.text[0] = '\0';
			taken = named(ret_input, settings->files0_from);
		} else if (!settings->files0_from && !settings->input_count && !walk->standard_used) {
			taken = take_standard_input(walk, ret_input);
		} else if (walk->next < settings->input_count) {
			const char *name = settings->inputs[walk->next++];
			bool standard = strcmp(name, "-") == 0;
			taken = standard ? take_standard_input(walk, ret_input) : take_name(walk, name, ret_input);
		} else {
			return 0;
		}
		if (taken)
			return taken;
	}
}
