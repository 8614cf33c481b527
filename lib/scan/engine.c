/*
 * engine.c - scans bytes with libclamav, and believes its "clean" only when nothing else went wrong; see engine.h.
 *
 * Refuses to trust: a result beside any error, a message of an error, a failed write or allocation, an engine that is
 * not compiled. Loading is in engine/load.c. Called by decompose.c and cmd/csapi-worker.c.
 */
#include "scan/engine.h"

#include "scan/engine/alert.h"
#include "scan/engine/library.h"
#include "scan/engine/message.h"
#include "scan/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Set by cl_engine_compile among the database options; clamav.h calls it internal, and offers no other sign. */
#define COMPILED CL_DB_COMPILED
/* Extraction stops this close below a limit: the library writes in blocks, none larger. */
#define BLOCK_MOST (64u << 10)
/* The library passes over anything this small without a look. */
#define TOO_SMALL 5
/* Texts larger than this are compared byte for byte only: the second hash would cost more than a second scan saves. */
#define TEXT_MOST (4u << 20)

#define MIB ((uint64_t)1 << 20)

/* --- the layers that the parsers reach --------------------------------------------------------------------------- */

/* Without memory a layer is forgotten, which costs a second scan of it and no more. */
static void layers_add(struct layers *layers, const uint8_t digest[DIGEST_SIZE])
{
	if (layers->count == layers->room) {
		size_t room = layers->room ? layers->room * 2 : 64;
		if (room > DIGEST_SET_MAX)
			return;
		void *digests = reallocarray(layers->digests, room, DIGEST_SIZE);
		if (!digests)
			return;
		layers->digests = digests;
		layers->room = room;
	}
	memcpy(layers->digests[layers->count++], digest, DIGEST_SIZE);
}

static void layers_commit(struct layers *layers, struct digest_set *set)
{
	for (size_t i = 0; i < layers->count; i++)
		if (digest_set_add(set, layers->digests[i]))
			break;
}

/* A size in the place of a digest, so that one kind of set serves both. */
static void size_key(uint64_t size, uint8_t ret_key[DIGEST_SIZE])
{
	memset(ret_key, 0, DIGEST_SIZE);
	memcpy(ret_key, &size, sizeof size);
}

static bool is_text(const char *type)
{
	return strncmp(type, "CL_TYPE_TEXT_", strlen("CL_TYPE_TEXT_")) == 0 || strcmp(type, "CL_TYPE_HTML") == 0 ||
	       strcmp(type, "CL_TYPE_SCRIPT") == 0;
}

/*
 * Some of the library's unpackers (zip, cab, chm, InstallShield, xar) cut what they extract at its limits, and it goes
 * on to "clean" with the rest unseen and no alert. A layer that ends at a limit gives it away. Ours are lower, so
 * nothing that we allow is that large.
 */
static void check_cut(struct engine *engine, uint64_t size, uint32_t level)
{
	engine->scanned += size;
	if (level > 0 && engine->file_most && size + BLOCK_MOST >= engine->file_most)
		alert_add(engine->result, DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED,
			  "the engine cut a file at its limit");
	if (level > 0 && engine->scan_most && engine->scanned + BLOCK_MOST >= engine->scan_most)
		alert_add(engine->result, DEC_RESULT_MAXIMUM_CUMULATIVE_EXTRACT_SIZE_EXCEEDED,
			  "the engine reached its limit");
}

/* What the decomposer has to look into and could not be kept was not seen. */
static void keep_layer(struct engine *engine, const struct layer *layer)
{
	enum scan_code code = layer_meet(&engine->kept, layer);
	if (code != SCAN_CODE_NONE)
		alert_add(engine->result, code, "what the engine took out of a container");
}

/*
 * Called for each layer that is about to be scanned. A layer that exceeds one of the library's limits is not reported:
 * it checks sizes, files and depth before. What it has rewritten (scripts, HTML) is nobody's original: leaving it out
 * keeps a part that only looks like it from being passed over.
 */
static cl_error_t on_layer(int fd, const char *type, const char **ancestors, size_t parent_size, const char *name,
			   size_t size, const char *data, uint32_t level, uint32_t attributes, void *context)
{
	(void)fd, (void)ancestors;
	struct engine *engine = context;
	if (!engine->result)
		return CL_CLEAN;
	if (level == 0)
		(void)snprintf(engine->result->type, sizeof engine->result->type, "%s", type ? type : "");
	engine->result->layers++;
	check_cut(engine, size, level);
	uint8_t digest[DIGEST_SIZE];
	size_key(size, digest);
	layers_add(&engine->size_layers, digest);
	struct layer layer = {.type = type,
			      .name = name,
			      .data = (const uint8_t *)data,
			      .size = size,
			      .parent_size = parent_size,
			      .level = level};
	bool original = data && type && !(attributes & LAYER_ATTRIBUTES_NORMALIZED);
	if (original && digest_bytes(data, size, digest) == 0) {
		layers_add(&engine->layers, digest);
		layer.digest = digest;
	}
	keep_layer(engine, &layer);
	if (!original)
		return CL_CLEAN;
	if (size <= TEXT_MOST && is_text(type) && digest_text(data, size, digest) == 0)
		layers_add(&engine->text_layers, digest);
	return CL_CLEAN;
}

static void on_virus(int fd, const char *name, void *context)
{
	(void)fd;
	struct engine *engine = context;
	if (engine->result && name)
		alert_name(engine->result, name);
}

/* FNV-1a: nobody gains by a collision what another name would not give. */
static void mix(uint64_t *key, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*key = (*key ^ (value >> 8 * i & 0xff)) * 0x100000001b3u;
}

void engine_members_add(struct engine_members *members, const char *name, uint64_t packed, uint64_t size)
{
	uint64_t key = 0xcbf29ce484222325u;
	if (members->count == ENGINE_MEMBERS_MAX) {
		members->more = true;
		return;
	}
	/* What is beyond ASCII is written otherwise by other readers, and so are slashes. */
	for (; *name; name++)
		if (!(*name & 0x80))
			mix(&key, *name == '\\' ? '/' : (unsigned char)*name, 1);
	mix(&key, packed, 8);
	mix(&key, size, 8);
	members->keys[members->count++] = key;
}

/* Called for each member of an archive; for formats such as arj the only sign of encryption. */
static cl_error_t on_member(const char *type, unsigned long packed, const char *name, unsigned long size, int encrypted,
			    unsigned int position, void *context)
{
	(void)position;
	struct engine *engine = context;
	if (!engine->result || !encrypted)
		return CL_CLEAN;
	/* Programs hold the mark of a ZIP member as a constant; the library's own alert tells those from archives. */
	if (type && strcmp(type, "CL_TYPE_ZIP") == 0) {
		if (!engine->zip_member[0])
			(void)snprintf(engine->zip_member, sizeof engine->zip_member, "%s: %.100s", type,
				       name ? name : "");
		engine_members_add(&engine->result->members, name ? name : "", packed, size);
		return CL_CLEAN;
	}
	engine->result->members.more = true;
	char text[256];
	(void)snprintf(text, sizeof text, "%s: %.200s", type ? type : "", name ? name : "");
	alert_add(engine->result, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, text);
	return CL_CLEAN;
}

/* --- life -------------------------------------------------------------------------------------------------------- */

struct engine *engine_wrap(struct cl_engine *take_library)
{
	struct engine *engine = calloc(1, sizeof *engine);
	if (!engine) {
		(void)cl_engine_free(take_library);
		return NULL;
	}
	engine->library = take_library;
	engine->seen = digest_set_new();
	engine->seen_text = digest_set_new();
	engine->seen_sizes = digest_set_new();
	if (!engine->seen || !engine->seen_text || !engine->seen_sizes) {
		engine_free(engine);
		return NULL;
	}
	cl_engine_set_clcb_file_inspection(take_library, on_layer);
	cl_engine_set_clcb_virus_found(take_library, on_virus);
	cl_engine_set_clcb_meta(take_library, on_member);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	(void)cl_engine_free(engine->library);
	digest_set_free(engine->seen);
	digest_set_free(engine->seen_text);
	digest_set_free(engine->seen_sizes);
	free(engine->layers.digests);
	free(engine->text_layers.digests);
	free(engine->size_layers.digests);
	layer_free(&engine->kept);
	free(engine);
}

/* --- one message ------------------------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* a * factor + more, without overflow; UINT64_MAX stays what it is: no limit. */
static uint64_t above(uint64_t a, uint64_t factor, uint64_t more)
{
	uint64_t product;
	uint64_t sum;
	if (__builtin_mul_overflow(a, factor, &product) || __builtin_add_overflow(product, more, &sum))
		return UINT64_MAX;
	return sum;
}

/*
 * The library's limits stay above ours, which are counted by the decomposer, so that ours are reached first. Where the
 * library has none of a kind, 0 says so. They count differently: every layer, rewritten ones too, adds to the sum.
 */
static int limits_apply(struct engine *engine, const struct limits *limits, uint64_t message_size)
{
	uint64_t depth = limits_effective(limits, LIMIT_max_extract_depth);
	uint64_t files = limits_effective(limits, LIMIT_max_file_count);
	uint64_t part = limits_effective(limits, LIMIT_max_extract_size);
	uint64_t sum = limits_effective(limits, LIMIT_max_cumulative_extract_size);

	/* The library takes no file of 2 GiB, less two bytes, and warns of each attempt to set more. */
	uint64_t file_size = least(above(part, 2, message_size + MIB), INT_MAX - 2);
	uint64_t scan_size = least(above(sum, 4, above(message_size, 8, 64 * MIB)), INT64_MAX);
	uint64_t file_count = files == UINT64_MAX ? 0 : least(above(files, 4, 1000), UINT32_MAX);
	engine->file_most = file_size;
	engine->scan_most = scan_size;
	const struct {
		enum cl_engine_field field;
		uint64_t value;
	} settings[] = {
		{CL_ENGINE_MAX_FILESIZE, file_size},
		{CL_ENGINE_MAX_SCANSIZE, scan_size},
		{CL_ENGINE_MAX_FILES, file_count},
		/* Messages, rewritten texts and embedded files are levels there, and not containers here. */
		{CL_ENGINE_MAX_RECURSION, depth + 24},
		/* Its own clock is late by a factor of ten or more: the time is watched from outside. */
		{CL_ENGINE_MAX_SCANTIME, 0},
		/*
		 * Above these sizes it leaves out a whole way of looking and says nothing: programs inside other
		 * files, rewritten HTML and scripts, regular expressions. So they are the largest file's size.
		 */
		{CL_ENGINE_MAX_EMBEDDEDPE, file_size},
		{CL_ENGINE_MAX_HTMLNORMALIZE, file_size},
		{CL_ENGINE_MAX_HTMLNOTAGS, file_size},
		{CL_ENGINE_MAX_SCRIPTNORMALIZE, file_size},
		{CL_ENGINE_PCRE_MAX_FILESIZE, file_size},
		/* The same for files appended to a zip archive; its own 1 MiB is padded past too easily. */
		{CL_ENGINE_MAX_ZIPTYPERCG, 64 * MIB},
		/* As clamscan: byte code that hangs is stopped after ten seconds. */
		{CL_ENGINE_BYTECODE_TIMEOUT, 10000},
	};
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (cl_engine_set_num(engine->library, settings[i].field, (long long)settings[i].value) != CL_SUCCESS)
			return -EIO;
	return 0;
}

/* Writes and reads back what is written; 0 or -errno. */
static int probe_file(int fd)
{
	static const char text[] = "csapi looks whether this directory can be written.\n";
	char back[sizeof text];
	ssize_t written = write(fd, text, sizeof text);
	if (written < 0)
		return -errno;
	if ((size_t)written < sizeof text)
		return -ENOSPC;
	ssize_t got = pread(fd, back, sizeof back, 0);
	if (got < 0)
		return -errno;
	return (size_t)got == sizeof back && memcmp(back, text, sizeof text) == 0 ? 0 : -EIO;
}

static int probe_directory(const char *directory)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/csapi-probe", directory);
	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = probe_file(fd);
	(void)close(fd);
	if (unlink(path) && !error)
		error = -errno;
	return error;
}

int engine_begin(struct engine *engine, const char *temporary, const struct limits *limits, uint64_t message_size,
		 enum scan_code *ret_code, struct why *why)
{
	digest_set_clear(engine->seen);
	digest_set_clear(engine->seen_text);
	digest_set_clear(engine->seen_sizes);
	*ret_code = DEC_RESULT_TEMP_DIR_ACCESS_FAILED;
	int error = probe_directory(temporary);
	if (error)
		return why_errno(why, error, "the worker cannot use its directory for temporary files");
	error = layer_clear(&engine->kept, limits_effective(limits, LIMIT_max_cumulative_extract_size));
	if (error) {
		*ret_code = DEC_RESULT_OUT_OF_MEMORY;
		return why_errno(why, error, "the engine cannot begin a message");
	}
	if (cl_engine_set_str(engine->library, CL_ENGINE_TMPDIR, temporary) != CL_SUCCESS ||
	    limits_apply(engine, limits, message_size))
		return why_set(why, -EIO, "libclamav refuses its settings: %.300s", message_last());
	fault_watch(temporary);
	*ret_code = SCAN_CODE_NONE;
	return 0;
}

/* --- one scan ---------------------------------------------------------------------------------------------------- */

/* What clamscan has on by default, with every match and the alerts that tell of what was not looked at. */
static struct cl_scan_options scan_options(void)
{
	return (struct cl_scan_options){
		.general = CL_SCAN_GENERAL_ALLMATCHES | CL_SCAN_GENERAL_HEURISTICS,
		.parse = ~UINT32_C(0),
		.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX | CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE |
			     CL_SCAN_HEURISTIC_ENCRYPTED_DOC,
		/* Fragments of messages would be kept from one message to the next. */
		.mail = 0,
	};
}

static enum scan_code return_code(cl_error_t result)
{
	switch (result) {
	case CL_EOPEN:
	case CL_ECREAT:
	case CL_EUNLINK:
	case CL_ESTAT:
	case CL_EREAD:
	case CL_ESEEK:
	case CL_EWRITE:
	case CL_EDUP:
	case CL_EACCES:
	case CL_ETMPFILE:
	case CL_ETMPDIR:
		return DEC_RESULT_TEMPFILE_ACCESS_FAILED;
	case CL_EMEM:
		return DEC_RESULT_OUT_OF_MEMORY;
	case CL_ETIMEOUT:
		return DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED;
	case CL_EMAXREC:
		return DEC_RESULT_MAXIMUM_DEPTH_REACHED;
	case CL_EMAXSIZE:
		return DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED;
	case CL_EMAXFILES:
		return DEC_RESULT_MAXIMUM_FILES_EXTRACTED;
	default:
		return AVS_RESULT_SCANFILE_FAILURE;
	}
}

/* Takes the library's answer and everything that speaks against it. */
static void judge(struct engine_result *result, cl_error_t answer, const char *virus)
{
	if (answer != CL_CLEAN && answer != CL_VIRUS)
		alert_add(result, return_code(answer), cl_strerror(answer));
	/* A match that the callback was not told of is a match all the same. */
	if (answer == CL_VIRUS && result->virus_count == 0 && result->code_count == 0)
		alert_name(result, virus && *virus ? virus : "Unnamed");
	const char *text;
	enum scan_code code = fault_taken(&text);
	if (!code)
		return;
	/* The cause is known: what the library says of its consequences adds nothing. */
	unsigned kept = 0;
	for (unsigned i = 0; i < result->code_count; i++)
		if (result->codes[i].code != AVS_RESULT_SCANFILE_FAILURE)
			result->codes[kept++] = result->codes[i];
	result->code_count = kept;
	alert_add(result, code, text);
}

static bool is_compiled(const struct engine *engine)
{
	int failed = 0;
	long long options = cl_engine_get_num(engine->library, CL_ENGINE_DB_OPTIONS, &failed);
	return !failed && (options & COMPILED);
}

static void scan_map(struct engine *engine, cl_fmap_t *map, const char *name, struct engine_result *result)
{
	struct cl_scan_options options = scan_options();
	const char *virus = NULL;
	unsigned long scanned = 0;
	engine->layers.count = engine->text_layers.count = engine->size_layers.count = 0;
	engine->scanned = 0;
	engine->zip_member[0] = '\0';
	engine->result = result;
	message_sink(result);
	cl_error_t answer = cl_scanmap_callback(map, name, &virus, &scanned, engine->library, &options, engine);
	message_sink(NULL);
	engine->result = NULL;
	judge(result, answer, virus);
	for (unsigned i = 0; engine->zip_member[0] && i < result->code_count; i++) {
		if (result->codes[i].code != DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED)
			continue;
		alert_add(result, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED, engine->zip_member);
		break;
	}
	/* Nothing of an incomplete scan counts: which layers were left out is not known. */
	if (result->incomplete)
		return;
	layers_commit(&engine->layers, engine->seen);
	layers_commit(&engine->text_layers, engine->seen_text);
	layers_commit(&engine->size_layers, engine->seen_sizes);
}

void engine_scan(struct engine *engine, const void *data, size_t size, const char *name,
		 struct engine_result *ret_result)
{
	*ret_result = (struct engine_result){0};
	if (!is_compiled(engine)) {
		alert_add(ret_result, AVS_RESULT_SCANFILE_FAILURE, "the engine is not compiled");
		return;
	}
	if (size <= TOO_SMALL) {
		uint8_t digest[DIGEST_SIZE];
		if (digest_bytes(data, size, digest) == 0)
			(void)digest_set_add(engine->seen, digest);
		return;
	}
	cl_fmap_t *map = cl_fmap_open_memory(data, size);
	if (!map) {
		judge(ret_result, CL_EMEM, NULL);
		return;
	}
	scan_map(engine, map, name, ret_result);
	cl_fmap_close(map);
}

bool engine_saw(const struct engine *engine, const uint8_t digest[DIGEST_SIZE])
{
	return digest_set_has(engine->seen, digest);
}

bool engine_saw_text(const struct engine *engine, const uint8_t digest[DIGEST_SIZE])
{
	return digest_set_has(engine->seen_text, digest);
}

bool engine_saw_size(const struct engine *engine, uint64_t size)
{
	uint8_t key[DIGEST_SIZE];
	size_key(size, key);
	return digest_set_has(engine->seen_sizes, key);
}

const struct engine_layer *engine_layer_next(const struct engine *engine, const uint8_t owner[DIGEST_SIZE],
					     const struct engine_layer *last)
{
	const struct engine_layer *layer = last ? last->next : engine->kept.first;
	while (layer && memcmp(layer->owner, owner, DIGEST_SIZE) != 0)
		layer = layer->next;
	return layer;
}

const char *engine_version(void)
{
	static char text[64];
	if (!text[0])
		(void)snprintf(text, sizeof text, "ClamAV %s", cl_retver());
	return text;
}
