/*
 * disk.c - definitions on disk and the memory of updates; see disk.h. Refuses to take a head's or a manifest's word for more than it says.
 */
#include "disk.h"

#include "base/fd.h"
#include "format/cvd_header.h"
#include "update/store.h"
#include "verdict/url.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what files say of themselves ---- */

static void set_fault(struct version_definitions *definitions, const char *text, const char *detail)
{
	if (!definitions->fault[0])
		(void)snprintf(definitions->fault, sizeof definitions->fault, "%s%s", text, detail);
}

/* The head of a database, or the time of another file. What cannot be read is unknown; what is no database is broken. */
static void read_head(int fd, struct definition_file *file, struct version_definitions *definitions)
{
	struct cvd_header header;
	int error = definition_name_signed(file->name) ? cvd_header_read(fd, &header) : 0;
	if (error == -EBADMSG) {
		static char no_database[] = "it does not begin as a database does";
		file->trust = DEFINITION_BROKEN;
		file->fault = no_database;
		set_fault(definitions, file->name, " does not begin as a database does");
	}
	if (error || !definition_name_signed(file->name))
		return;
	file->version = header.version;
	file->signatures = header.signatures;
	file->level = header.level;
	file->built = header.built;
}

/* 0 (it may be no definition file), -ENOMEM or -E2BIG. */
static int read_file(int directory, const char *name, struct version_definitions *definitions)
{
	struct definition_file file = {.trust = DEFINITION_UNCHECKED};
	struct stat status;
	char fault[128];
	if (name[0] == '.' || !definition_name_known(name) || fstatat(directory, name, &status, 0) < 0 ||
	    !S_ISREG(status.st_mode))
		return 0;
	if (strlen(name) >= sizeof file.name)
		return -E2BIG;
	(void)strcpy(file.name, name);
	file.size = (uint64_t)status.st_size;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		(void)snprintf(fault, sizeof fault, "cannot be read: %s", strerror(errno));
		file.fault = fault;
	} else {
		if (!definition_name_signed(name))
			file.built = status.st_mtime;
		read_head(fd, &file, definitions);
	}
	fd_close(&fd);
	return definition_set_put(&definitions->set, &file);
}

/* All definition files of a directory, by their heads. 0 or -ENOMEM. */
static int read_heads(struct version_definitions *definitions)
{
	DIR *stream = opendir(definitions->directory);
	int error = 0;
	definitions->basis = VERSION_HEADS;
	if (!stream) {
		set_fault(definitions, "the directory cannot be read: ", strerror(errno));
		return 0;
	}
	for (struct dirent *entry; !error && (entry = readdir(stream));)
		error = read_file(dirfd(stream), entry->d_name, definitions);
	(void)closedir(stream);
	if (error != -E2BIG)
		return error;
	set_fault(definitions, "the directory holds too many files, or one with too long a name", "");
	return 0;
}

/* ---- sets of csapi-update ---- */

/* STORE/versions/ID: is it a set in a store? 0 with the store open, -ENOENT: it is not, or -ENOMEM. */
static int open_store(struct version_definitions *definitions, struct store *ret_store)
{
	static const char middle[] = "/versions";
	const char *path = definitions->directory, *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0, most = sizeof middle - 1;
	char id[STORE_ID_MAX];
	if (length <= most || memcmp(slash - most, middle, most) != 0 || strlen(slash + 1) >= sizeof id)
		return -ENOENT;
	char *root = strndup(path, length - most);
	int error = root ? store_open(root, ret_store, NULL) : -ENOMEM;
	free(root);
	if (error)
		return error == -ENOMEM ? error : -ENOENT;
	if (store_link(ret_store, "current", id) == -ENOENT) {
		store_close(ret_store);
		return -ENOENT;
	}
	definitions->store = strdup(ret_store->path);
	definitions->id = strdup(slash + 1);
	if (definitions->store && definitions->id)
		return 0;
	store_close(ret_store);
	return -ENOMEM;
}

/* What was found out when the set went live, if it is still that set. 0 or -ENOMEM. */
static int read_manifest(const struct store *store, struct version_definitions *definitions)
{
	struct manifest manifest;
	struct why why = {""};
	int error = store_manifest(store, definitions->id, &manifest);
	if (error == -ENOMEM)
		return error;
	if (error) {
		set_fault(definitions, "the manifest of the set is ", error == -ENOENT ? "missing" : "damaged");
		return read_heads(definitions);
	}
	if (strcmp(manifest.id, definitions->id) != 0)
		set_fault(definitions, "the manifest is that of another set", "");
	else if (store_compare(store, &manifest, &why))
		set_fault(definitions, why.text, "");
	definitions->basis = VERSION_MANIFEST;
	definitions->set = manifest.set;
	definitions->tested_with = manifest.tested_with;
	definitions->finds_eicar = manifest.finds_eicar;
	manifest.set = (struct definition_set){NULL, 0};
	manifest.tested_with = NULL;
	manifest_free(&manifest);
	return 0;
}

/* ---- updates ---- */

/* Until when no mirror may be asked; 0: one may. */
static int64_t retry_of(const struct state *state, const struct update_settings *settings, int64_t now)
{
	char **mirrors = settings->private_mirrors && settings->private_mirrors[0] ? settings->private_mirrors
										   : settings->mirrors;
	int64_t until = 0;
	for (char **url = mirrors; url && *url; url++) {
		char *shown = url_shown(*url);
		const struct state_mirror *mirror = shown ? state_find_mirror(state, shown) : NULL;
		free(shown);
		if (!mirror || mirror->retry_at <= now)
			return 0;
		until = !until || mirror->retry_at < until ? mirror->retry_at : until;
	}
	return until;
}

/* Each configured database against what a mirror told of it; one that no mirror told of makes the check incomplete. */
static void compare_databases(const struct state *state, const struct update_settings *settings,
			      const struct definition_set *set, struct version_updates *updates)
{
	for (char **name = settings->databases; name && *name; name++) {
		const struct state_source *source = state_find_source(state, *name);
		const struct definition_file *file = definition_set_database(set, *name);
		if (!source || !source->remote)
			updates->checked = 0;
		else if (!file || file->version < source->remote)
			updates->behind = true;
	}
}

static int read_updates(const struct store *store, const struct update_settings *settings, struct version *version)
{
	struct version_updates *updates = &version->updates;
	struct state state;
	bool damaged;
	int error = store_read_state(store, &state, &damaged);
	if (error)
		return error;
	*updates = (struct version_updates){
		.directory = strdup(store->path),
		.tried = state.tried,
		.checked = state.checked,
		.updated = state.updated,
		.outcome = state.outcome,
		.text = damaged ? strdup("state.json is damaged") : state.text,
		.retry_at = retry_of(&state, settings, version->now),
	};
	state.text = damaged ? state.text : NULL;
	compare_databases(&state, settings, &version->definitions.set, updates);
	state_free(&state);
	return updates->directory && (!damaged || updates->text) ? 0 : -ENOMEM;
}

/* What is remembered of the definitions at hand; else of those that the configuration speaks of, which may have to come yet. */
static int read_store(const struct update_settings *settings, struct version *version)
{
	struct store store;
	int error = open_store(&version->definitions, &store);
	if (!error) {
		error = read_manifest(&store, &version->definitions);
		error = error ? error : read_updates(&store, settings, version);
		store_close(&store);
		return error;
	}
	if (error == -ENOMEM)
		return error;
	error = read_heads(&version->definitions);
	if (error || store_open(settings->directory, &store, NULL))
		return error;
	error = read_updates(&store, settings, version);
	store_close(&store);
	return error;
}

/* ---- finding ---- */

/* Does the configured directory hold a set? */
static bool holds_set(const char *directory)
{
	struct store store;
	char id[STORE_ID_MAX];
	if (store_open(directory, &store, NULL))
		return false;
	bool holds = store_link(&store, "current", id) == 0;
	store_close(&store);
	return holds;
}

int disk_read(const char *named, const struct update_settings *settings, struct definitions_source *ret_source,
	      struct version *version)
{
	struct version_definitions *definitions = &version->definitions;
	struct why why = {""};
	if (!named && holds_set(settings->directory))
		named = settings->directory;
	int error = definitions_open(named, ret_source, &why);
	if (error) {
		set_fault(definitions, why.text, "");
		return error == -ENOMEM ? error : 0;
	}
	definitions->shipped = ret_source->shipped;
	definitions->directory = strdup(ret_source->path);
	return definitions->directory ? read_store(settings, version) : -ENOMEM;
}
