/*
 * store.c - the store of definitions: locks, staging, activation, going back, pruning, and being killed in between.
 */
#include "update/store.h"
#include "base/fd.h"
#include "process/tempdir.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[128];

static void write_file(const struct store *store, const char *name, const char *text)
{
	int incoming = store_open_incoming(store);
	int fd = openat(incoming, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
	(void)close(incoming);
}

/* A set of two files whose contents are its name. */
static int activate(const struct store *store, const char *id, struct why *why)
{
	struct manifest manifest = {.id = strdup(id), .created = 1, .tested_with = strdup("nobody")};
	const char *const names[] = {"a.ndb", "b.ndb"};
	int error = store_stage(store, why);
	for (size_t i = 0; !error && i < 2; i++) {
		struct definition_file file = {.trust = DEFINITION_UNSIGNED, .size = strlen(id), .signatures = 1};
		(void)snprintf(file.name, sizeof file.name, "%s", names[i]);
		(void)store_restore_file(store, "nothing.ndb");
		int incoming = store_open_incoming(store);
		(void)unlinkat(incoming, names[i], 0); /* a link must not be written through */
		(void)close(incoming);
		write_file(store, names[i], id);
		(void)definition_set_put(&manifest.set, &file);
	}
	error = error ? error : store_activate(store, &manifest, why);
	manifest_free(&manifest);
	return error;
}

static bool whole(const struct store *store, const char *link)
{
	char id[STORE_ID_MAX];
	struct manifest manifest;
	struct why why;
	if (store_link(store, link, id) || store_manifest(store, id, &manifest))
		return false;
	bool good = store_compare(store, &manifest, &why) == 0 && strcmp(manifest.id, id) == 0;
	manifest_free(&manifest);
	return good;
}

static const char *link_of(const struct store *store, const char *link)
{
	static char id[STORE_ID_MAX];
	return store_link(store, link, id) ? "none" : id;
}

static bool there(const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static void test_lock(void)
{
	struct store one, other;
	struct why why = {""};
	char number[32];
	ok(store_open_locked(root, &one, &why) == 0, "a missing directory is made, and locked");
	ok(there("lock") && there("tmp") && there("versions"), "with what belongs into it");
	ok(store_open_locked(root, &other, &why) == -EAGAIN, "a second one is turned away");
	(void)snprintf(number, sizeof number, "process %d)", (int)getpid());
	ok(strstr(why.text, number) != NULL, "and told who is at work");
	ok(store_open(root, &other, &why) == 0, "who only reads is not");
	store_close(&other);
	store_close(&one);
	ok(store_open_locked(root, &one, &why) == 0, "the lock goes with its holder");
	store_close(&one);
	ok(store_open_locked("/proc/nothing/here", &one, &why) < 0 && why.text[0], "what cannot be made is told");
}

static void test_state(void)
{
	struct store store;
	struct state state;
	struct why why;
	bool damaged;
	(void)store_open_locked(root, &store, &why);
	ok(store_read_state(&store, &state, &damaged) == 0 && !damaged && state.tried == 0, "no state is an empty one");
	state.tried = 1234567890;
	state.outcome = UPDATE_RATE_LIMITED;
	state_put_mirror(&state, "http://mirror")->retry_at = 1234567999;
	state_put_source(&state, "daily")->remote = 27000;
	state_put_source(&state, "daily")->refused = 26999;
	ok(store_write_state(&store, &state, &why) == 0, "a state is written");
	state_free(&state);
	ok(store_read_state(&store, &state, &damaged) == 0 && !damaged, "and read");
	ok(state.tried == 1234567890 && state.outcome == UPDATE_RATE_LIMITED && state.mirror_count == 1 &&
		   state_find_mirror(&state, "http://mirror")->retry_at == 1234567999 &&
		   state_find_source(&state, "daily")->remote == 27000 &&
		   state_find_source(&state, "daily")->refused == 26999,
	   "as it was written");
	state_free(&state);
	int fd = openat(store.directory, "state.json", O_WRONLY | O_TRUNC | O_CLOEXEC);
	(void)!write(fd, "{\"version\":", 11);
	(void)close(fd);
	ok(store_read_state(&store, &state, &damaged) == 0 && damaged && state.tried == 0,
	   "a damaged one is an empty one, and told");
	state_free(&state);
	store_close(&store);
}

static void test_sets(void)
{
	struct store store;
	struct why why = {""};
	char id[STORE_ID_MAX];
	struct stat status;
	char path[256];
	(void)store_open_locked(root, &store, &why);
	ok(store_link(&store, "current", id) == -ENOENT, "no set is in use at first");
	ok(store_rollback(&store, id, &why) == -ENOENT, "and there is nothing to go back to");
	ok(activate(&store, "set-1", &why) == 0 && whole(&store, "current"), "a set is put in use");
	same(link_of(&store, "previous"), "none", "without one before it");
	ok(!there("incoming"), "and nothing is left of its making");
	(void)snprintf(path, sizeof path, "%s/versions/set-1/a.ndb", root);
	ok(stat(path, &status) == 0 && (status.st_mode & 0777) == 0644, "a file that came 0600 can be read by all");

	ok(store_stage(&store, &why) == 0 && !store_changed(&store), "what is staged are the files in use");
	write_file(&store, "c.ndb", "new");
	write_file(&store, "a.ndb", "SET-1");
	(void)snprintf(path, sizeof path, "%s/versions/set-1/a.ndb", root);
	int used = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[8] = "";
	ok(pread(used, bytes, 5, 0) == 5 && strcmp(bytes, "set-1") == 0,
	   "who writes into an unsigned file that is staged does nothing to the set in use");
	(void)close(used);
	ok(store_file_changed(&store, "a.ndb") && store_restore_file(&store, "a.ndb") == 0 &&
		   !store_file_changed(&store, "a.ndb"),
	   "and it is noticed, and undone");
	ok(store_changed(&store) && store_file_changed(&store, "c.ndb") && !store_file_changed(&store, "a.ndb"),
	   "a new file is a change");
	ok(store_restore_file(&store, "c.ndb") == 0 && !store_changed(&store), "which can be undone");
	store_clear(&store);

	ok(activate(&store, "set-2", &why) == 0, "a second set");
	same(link_of(&store, "current"), "set-2", "is in use");
	same(link_of(&store, "previous"), "set-1", "and the first one is kept");
	ok(store_rollback(&store, id, &why) == 0 && strcmp(id, "set-1") == 0, "it can be gone back to");
	same(link_of(&store, "current"), "set-1", "the first is in use");
	same(link_of(&store, "previous"), "set-2", "the second is the other one now");
	ok(activate(&store, "set-1", &why) == 0 && whole(&store, "current"), "the same set once more changes nothing");
	same(link_of(&store, "previous"), "set-2", "nor what was before it");

	(void)snprintf(path, sizeof path, "%s/versions/set-2/b.ndb", root);
	(void)unlink(path);
	ok(store_rollback(&store, id, &why) == -EBADMSG && strstr(why.text, "missing"),
	   "a damaged set is not gone back to");
	same(link_of(&store, "current"), "set-1", "what is in use stays");

	(void)unlinkat(store.directory, "current", 0);
	(void)!symlinkat("/etc", store.directory, "current");
	ok(store_link(&store, "current", id) == -EBADMSG, "a link that leads elsewhere is none");
	(void)unlinkat(store.directory, "current", 0);
	(void)!symlinkat("versions/../..", store.directory, "current");
	ok(store_link(&store, "current", id) == -EBADMSG, "nor one that leads out");
	(void)unlinkat(store.directory, "current", 0);
	store_close(&store);
}

static void test_prune(void)
{
	struct store store;
	struct why why = {""};
	char path[256];
	(void)store_open_locked(root, &store, &why);
	for (int i = 3; i <= 7; i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "set-%d", i);
		(void)activate(&store, id, &why);
		(void)poll(NULL, 0, 12); /* their order is that of their times */
	}
	(void)snprintf(path, sizeof path, "%s/versions/set-4", root);
	int reader = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)flock(reader, LOCK_SH);
	ok(store_prune(&store, 3) >= 2, "old sets are removed");
	ok(there("versions/set-7") && there("versions/set-6") && there("versions/set-5"), "not the newest ones");
	ok(!there("versions/set-3") && !there("versions/set-2"), "but those beyond");
	ok(there("versions/set-4/a.ndb"), "and not one that is read");
	(void)close(reader);
	ok(store_prune(&store, 2) == 2 && !there("versions/set-4"), "it goes when nobody reads it any more");
	ok(whole(&store, "current") && whole(&store, "previous"), "both sets in use are whole");
	store_close(&store);
}

/* Killed at any moment: whatever leads to a set leads to a whole one, and the next run works. */
static void test_killed(void)
{
	struct store store;
	struct why why = {""};
	unsigned broken = 0, refused = 0;
	for (unsigned i = 0; i < 60; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			for (unsigned k = 0; store_open_locked(root, &store, &why) == 0; k++) {
				char id[32];
				(void)snprintf(id, sizeof id, "kill-%u", (i + k) % 5);
				(void)activate(&store, id, &why);
				(void)store_prune(&store, 2);
				store_close(&store);
			}
			_exit(1);
		}
		(void)usleep(300 + 977 * (i % 13));
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		if (store_open_locked(root, &store, &why)) {
			refused++;
			continue;
		}
		broken += !whole(&store, "current") || !whole(&store, "previous");
		if (there("incoming"))
			broken++;
		store_close(&store);
	}
	ok(broken == 0, "60 kills: what is in use is whole after each");
	ok(refused == 0, "and the next run gets the lock");
	okf(store_open_locked(root, &store, &why) == 0 && activate(&store, "last", &why) == 0, "and succeeds: %s",
	    why.text);
	(void)store_prune(&store, 2);
	ok(whole(&store, "current") && whole(&store, "previous"), "with both sets whole");
	store_close(&store);
}

int main(void)
{
	const char *base = getenv("TMPDIR");
	(void)snprintf(root, sizeof root, "%.60s/csapi-store-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(root))
		return 1;
	(void)strcat(root, "/made/anew");
	test_lock();
	test_state();
	test_sets();
	test_prune();
	test_killed();
	*strstr(root, "/made/anew") = '\0';
	(void)tempdir_remove_path(root);
	return tap_end();
}
