/*
 * check.c - verifying and trial loading of definitions; see check.h.
 *
 * Refuses to believe a header before its signature, a signature before the file is known to be whole, and a load that brought nothing.
 */
#include "scan/engine/check.h"

#include "base/utf8.h"
#include "scan/digest.h"
#include "scan/engine/definitions.h"
#include "scan/engine/library.h"
#include "scan/engine/message.h"
#include "scan/engine/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a load may take beside what is there already, and for each byte of the files: a set shaped like the official one takes 2 bytes of memory for each
 * byte of its plain files, which is 4 where they are compressed, and signatures of bytes take more than those of digests.
 */
#define MEMORY_BASE  ((uint64_t)1 << 30)
#define MEMORY_TIMES 32

struct run {
	const struct check_task *task;
	struct check *check;
	struct definition_list list;
};

static void at(const struct run *run, const char *file)
{
	if (run->task->at)
		run->task->at(run->task->context, file);
}

static char *path_of(const struct run *run, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", run->task->directory, name) < 0 ? NULL : path;
}

static void no_memory(struct run *run)
{
	check_fail(run->check, DEC_RESULT_OUT_OF_MEMORY, "there is not enough memory to check the definitions");
}

/* The file is broken; takes what `why` says of it. */
static void blame(struct run *run, struct definition_file *file, enum scan_code code, const char *why)
{
	file->trust = DEFINITION_BROKEN;
	free(file->fault);
	file->fault = strdup(why);
	if (!file->fault)
		no_memory(run);
	check_fail(run->check, code, "%s %s", file->name, why);
}

/* --- verifying --------------------------------------------------------------------------------------------------- */

static int verify_signature(const char *path, struct why *why)
{
	message_forget();
	cl_error_t result = cl_cvdverify(path);
	switch (result) {
	case CL_SUCCESS:
		return 0;
	case CL_EMEM:
		return why_errno(why, -ENOMEM, "cannot be verified");
	case CL_EVERIFY:
		return why_set(why, -EINVAL, "is not what ClamAV signed: it was changed, or damaged on its way");
	case CL_ECVD:
		return why_set(why, -EINVAL, "is no database of ClamAV's (%.150s)", message_last());
	default:
		return why_set(why, -EINVAL, "does not verify: %s (%.150s)", cl_strerror(result), message_last());
	}
}

/* From the head of a file whose signature was verified. */
static int read_head(const char *path, struct definition_file *file, struct why *why)
{
	struct cl_cvd *head = cl_cvdhead(path);
	if (!head)
		return why_set(why, -EINVAL, "is no database of ClamAV's (%.150s)", message_last());
	file->version = head->version;
	file->level = head->fl;
	file->signatures = head->sigs;
	if (head->stime)
		file->built = head->stime;
	cl_cvdfree(head);
	return 0;
}

/*
 * The form that is not used is not verified as far as the one that is: the library stops when it sees that. But the library would
 * refuse its other form for its sake if its head were broken.
 */
static int verify_superseded(const char *path, struct definition_file *file, struct why *why)
{
	int error = read_head(path, file, why);
	file->signatures = 0;
	return error;
}

static int verify_signed(const char *path, int fd, struct definition_file *file, struct why *why)
{
	int error = verify_signature(path, why);
	error = error ? error : whole_check(fd, false, why);
	error = error ? error : read_head(path, file, why);
	/* The library looks for no signature on this one. */
	const char *dot = strrchr(file->name, '.');
	if (!error && strcasecmp(dot, ".cud") != 0)
		file->trust = DEFINITION_SIGNED;
	return error;
}

/* 0 with what every file has; -errno with why. */
static int measure(int fd, struct definition_file *file, struct why *why)
{
	struct stat status;
	int error = fstat(fd, &status) < 0 ? -errno : 0;
	if (!error && !S_ISREG(status.st_mode))
		return why_set(why, -EINVAL, "is no file");
	error = error ? error : digest_file(fd, file->sha256, &file->size);
	if (error)
		return why_errno(why, error, "cannot be read");
	file->has_sha256 = true;
	file->built = status.st_mtime;
	if (file->size == 0 && definition_name_brings(file->name))
		return why_set(why, -EINVAL, "is empty");
	return 0;
}

/* The walls let nobody out of the directory. */
static int open_file(const char *path, int *ret_fd, struct why *why)
{
	struct stat link;
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*ret_fd >= 0)
		return 0;
	int error = -errno;
	bool leads_out = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
	return why_errno(why, error, "cannot be read%s",
			 leads_out ? ", for it is a link that leads out of the directory" : "");
}

static void verify_item(struct run *run, const struct definition_item *item)
{
	struct definition_file file = {.trust = DEFINITION_UNCHECKED};
	struct why why = {""};
	enum scan_code code = AVS_RESULT_DEFINITIONS_MISSING;
	int fd = -1;
	char *path = path_of(run, item->name);
	if (!path) {
		no_memory(run);
		return;
	}
	(void)snprintf(file.name, sizeof file.name, "%s", item->name);
	int error = open_file(path, &fd, &why);
	if (!error) {
		code = AVS_RESULT_ENGINE_LOAD_FAILED;
		error = measure(fd, &file, &why);
	}
	if (!error && item->superseded)
		error = verify_superseded(path, &file, &why);
	else if (!error && definition_name_signed(item->name))
		error = verify_signed(path, fd, &file, &why);
	if (error == -ENOMEM)
		no_memory(run);
	else if (error)
		blame(run, &file, code, why.text);
	if (definition_set_put(&run->check->set, &file))
		no_memory(run);
	free(file.fault);
	if (fd >= 0)
		(void)close(fd);
	free(path);
}

/* A document has no room for a longer name, or for one that is no text. */
static bool can_be_named(struct run *run, const char *name)
{
	if (strlen(name) < DEFINITION_NAME_MAX && utf8_valid(name))
		return true;
	check_fail(run->check, AVS_RESULT_ENGINE_LOAD_FAILED,
		   "the name of a definition file is too long, or is no UTF-8: %.200s", name);
	return false;
}

static void verify_all(struct run *run)
{
	if (run->list.count > DEFINITION_FILES_MAX) {
		check_fail(run->check, AVS_RESULT_ENGINE_LOAD_FAILED,
			   "%zu definition files are more than the %u that a set may have", run->list.count,
			   DEFINITION_FILES_MAX);
		return;
	}
	for (size_t i = 0; i < run->list.count; i++) {
		const struct definition_item *item = &run->list.items[i];
		if (!can_be_named(run, item->name))
			continue;
		at(run, item->name);
		verify_item(run, item);
	}
	at(run, NULL);
}

/* --- loading ----------------------------------------------------------------------------------------------------- */

/* Loads what is in use into the engine, and tells each file's outcome. */
static void load_all(struct run *run, struct engine *engine)
{
	for (size_t i = 0; i < run->list.count; i++) {
		const struct definition_item *item = &run->list.items[i];
		struct definition_file *file = definition_set_find(&run->check->set, item->name);
		char *path = path_of(run, item->name);
		struct definition_loaded loaded;
		enum scan_code code = SCAN_CODE_NONE;
		struct why why = {""};
		at(run, item->name);
		int error = path ? 0 : -ENOMEM;
		if (!error && !item->superseded &&
		    !(error = definition_load(path, engine->library, &loaded, &code, &why))) {
			file->signatures = loaded.signatures;
			if (file->trust == DEFINITION_UNCHECKED)
				file->trust = DEFINITION_UNSIGNED;
		}
		free(path);
		if (error && error != -ENOMEM) {
			blame(run, file, code, why.text);
		} else if (error) {
			no_memory(run);
			break;
		}
	}
	at(run, NULL);
}

/* Does this file alone call the harmless text a virus? */
static bool is_guilty(struct run *run, const struct definition_file *file, char *ret_virus, size_t size)
{
	struct engine *engine = NULL;
	struct definition_loaded loaded;
	struct engine_test test = {.virus = ""};
	enum scan_code code;
	char *path = path_of(run, file->name);
	if (path && engine_new(&engine, NULL) == 0 &&
	    definition_load(path, engine->library, &loaded, &code, NULL) == 0 && engine_compile(engine, NULL) == 0)
		(void)engine_test(engine, &test, NULL);
	engine_free(engine);
	free(path);
	(void)snprintf(ret_virus, size, "%s", test.virus);
	return test.virus[0];
}

/* Which of the files that nobody signed is to blame: without it the others may do. */
static void find_guilty(struct run *run, const char *virus)
{
	for (uint32_t i = 0; i < run->check->set.count; i++) {
		struct definition_file *file = &run->check->set.files[i];
		char name[256], fault[300];
		if (file->trust != DEFINITION_UNSIGNED)
			continue;
		at(run, file->name);
		if (!is_guilty(run, file, name, sizeof name))
			continue;
		(void)snprintf(fault, sizeof fault, "takes a harmless text for %s", name);
		blame(run, file, AVS_RESULT_ENGINE_LOAD_FAILED, fault);
	}
	at(run, NULL);
	check_fail(run->check, AVS_RESULT_ENGINE_LOAD_FAILED, "the definitions take a harmless text for %.200s", virus);
}

static int tell_facts(struct run *run)
{
	struct facts *facts = &run->check->facts;
	char version[32];
	definition_set_version(&run->check->set, version, sizeof version);
	facts->definitions_source = strdup(run->task->name);
	facts->definitions_version = strdup(version);
	facts->definitions_built = definition_set_built(&run->check->set);
	facts->definitions_signatures = definition_set_signatures(&run->check->set);
	return facts->definitions_source && facts->definitions_version ? 0 : -ENOMEM;
}

/* Everything was loaded: does it go together, and does it work? */
static void prove(struct run *run, struct engine *engine, char *ret_virus, size_t size)
{
	struct check *check = run->check;
	struct engine_test test;
	struct why why = {""};
	*ret_virus = '\0';
	if (definition_set_signatures(&check->set) == 0) {
		check_fail(check, AVS_RESULT_DEFINITIONS_MISSING, "the definitions hold no signature");
		return;
	}
	int error = engine_compile(engine, &why);
	if (error == -ENOMEM)
		no_memory(run);
	else if (error)
		check_fail(check, AVS_RESULT_ENGINE_LOAD_FAILED, "the definitions %s", why.text);
	if (error)
		return;
	error = engine_test(engine, &test, &why);
	if (error)
		check_fail(check, AVS_RESULT_ENGINE_LOAD_FAILED, "%s", why.text);
	check->loaded = !error;
	check->harmless_clean = !error && !test.virus[0];
	check->finds_eicar = !error && test.finds_eicar;
	(void)snprintf(ret_virus, size, "%s", test.virus);
	if (check->loaded && tell_facts(run))
		no_memory(run);
}

static void load(struct run *run)
{
	struct engine *engine = NULL;
	struct why why = {""};
	char virus[256] = "";
	if (engine_new(&engine, &why)) {
		check_fail(run->check, AVS_RESULT_ENGINE_LOAD_FAILED, "%s", why.text);
		return;
	}
	load_all(run, engine);
	if (run->check->code == SCAN_CODE_NONE)
		prove(run, engine, virus, sizeof virus);
	engine_free(engine);
	if (virus[0])
		find_guilty(run, virus);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

int check_start(struct why *why)
{
	uint8_t digest[DIGEST_SIZE];
	int error = library_start(why);
	if (error)
		return error;
	/* The first one reads OpenSSL's configuration. */
	error = digest_bytes("", 0, digest);
	return error ? why_errno(why, error, "no SHA-256 is to be had") : 0;
}

/* The directory is called "." within the walls: the texts name it as people know it. */
static int list_definitions(const struct check_task *task, struct definition_list *ret_list, struct check *check)
{
	enum scan_code code;
	int error = definition_list_read(task->directory, ret_list, &code, NULL);
	if (error == -ENOENT && code == AVS_RESULT_DEFINITIONS_MISSING)
		check_fail(check, code, "no definition file is in %.300s", task->name);
	else if (error)
		check_fail(check, code, "cannot list the definitions in %.300s: %s", task->name, strerror(-error));
	return error;
}

int check_measure(const struct check_task *task, uint64_t *ret_memory, struct check *check)
{
	struct definition_list list;
	uint64_t total = 0;
	int error = list_definitions(task, &list, check);
	if (error)
		return error;
	for (size_t i = 0; i < list.count; i++) {
		struct stat status;
		char *path = NULL;
		if (asprintf(&path, "%s/%s", task->directory, list.items[i].name) < 0)
			continue;
		if (stat(path, &status) == 0 && status.st_size > 0)
			total += (uint64_t)status.st_size;
		free(path);
	}
	definition_list_free(&list);
	*ret_memory = MEMORY_BASE + total * MEMORY_TIMES;
	return 0;
}

void check_run(const struct check_task *task, struct check *check)
{
	struct run run = {.task = task, .check = check};
	free(check->facts.engine_version);
	check->facts.engine_version = strdup(engine_version());
	if (!check->facts.engine_version)
		no_memory(&run);
	if (list_definitions(task, &run.list, check))
		return;
	definition_list_settle(task->directory, &run.list);
	verify_all(&run);
	if (task->load && check->code == SCAN_CODE_NONE)
		load(&run);
	definition_list_free(&run.list);
}
