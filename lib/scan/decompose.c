/*
 * decompose.c - one message, from bytes to the end of its last part; see decompose.h.
 */
#include "scan/decompose.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "scan/archive.h"
#include "scan/digest.h"
#include "scan/fault.h"
#include "scan/mime.h"
#include "scan/node.h"
#include "scan/script.h"
#include "scan/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deepest MIME structure that is followed from a part to its parent; GMime itself stops at 1024 multiparts. */
#define SECTIONS_MOST 1200

/* Bytes of the input without a NUL that make it a text. */
#define TEXT_HEAD 4096u
/* Of those at most one in so many is a NUL; in what is no text more are. */
#define NULS_SHARE 32u

/* One message while its parts come in document order: the nodes on the way from it to the part at hand. */
struct message {
	struct walk *walk;
	const struct node *node; /* the message itself */
	struct level {
		char *section; /* owned */
		char *id;      /* owned */
		struct node node;
	} * levels;
	unsigned count, room;
	unsigned depth;   /* containers that its parts lie in */
	unsigned viruses; /* told before */
	bool aborted;
};

static void level_free(struct level *level)
{
	free(level->section);
	free(level->id);
}

/* The node that a part lies in; parts that are left behind are forgotten. */
static const struct node *parent_of(struct message *message, const char *section)
{
	while (message->count) {
		struct level *last = &message->levels[message->count - 1];
		if (strcmp(last->section, section) == 0)
			return &last->node;
		level_free(last);
		message->count--;
	}
	return message->node;
}

/* Remembers a part that may have children. */
static int push(struct message *message, const char *section, const struct node *node)
{
	if (message->count == SECTIONS_MOST)
		return -E2BIG;
	if (message->count == message->room) {
		unsigned room = message->room ? message->room * 2 : 16;
		struct level *levels = realloc(message->levels, room * sizeof *levels);
		if (!levels)
			return -ENOMEM;
		message->levels = levels;
		message->room = room;
	}
	struct level level = {.section = strdup(section), .id = strdup(node->id), .node = *node};
	if (!level.section || !level.id) {
		level_free(&level);
		return -ENOMEM;
	}
	level.node.id = level.id;
	message->levels[message->count++] = level;
	return 0;
}

/* "2/invoice.zip" in the input, "ID/2/invoice.zip" in a message that is itself a member or an undeclared part. */
static char *part_id(const struct message *message, const struct mime_part *part)
{
	char *id = NULL;
	bool outermost = message->node->number == 0;
	bool named = part->name && *part->name;
	if (asprintf(&id, "%s%s%s%s%s", outermost ? "" : message->node->id, outermost ? "" : "/", part->section,
		     named ? "/" : "", named ? part->name : "") < 0)
		return NULL;
	char *clean = utf8_clean(id, strlen(id), REQUEST_PART_MAX);
	free(id);
	char *unique = clean ? part_ids_unique(&message->walk->ids, clean) : NULL;
	free(clean);
	return unique;
}

static int tell_codes(struct walk *walk, uint32_t number, const struct mime_part *part)
{
	for (unsigned i = 0; i < part->evasions.count && !walk->error; i++)
		(void)node_evasion(walk, number, part->evasions.noticed[i].evasion, part->evasions.noticed[i].text);
	for (unsigned i = 0; i < part->code_count && !walk->error; i++)
		(void)node_code(walk, number, part->codes[i].code, part->codes[i].text);
	return walk->error;
}

/* Asked for by its id, a container of MIME has no content of its own. */
static int refuse_container(struct walk *walk, const struct node *node)
{
	char info[REQUEST_PART_MAX + 64];
	(void)snprintf(info, sizeof info, "part %s is a container (%s)", node->id, node->mime_type);
	walk->found = walk->ended = true;
	return walk->observer->refuse(walk->observer->context, EC_AV_PART_IS_CONTAINER, info);
}

static int take_part(struct message *message, const struct node *parent, struct node *node,
		     const struct mime_part *part)
{
	struct walk *walk = message->walk;
	bool container = part->kind == PART_MULTIPART || part->kind == PART_MESSAGE;
	if (container && node->chosen && !parent->chosen)
		return refuse_container(walk, node);
	int error = part->kind == PART_MULTIPART ? node_tell(walk, parent, node, NULL, NULL, ROUTE_PARTS)
						 : node_scan(walk, parent, node);
	if (!error && node->chosen)
		error = tell_codes(walk, node->number, part);
	if (!error && (container || part->holds))
		error = push(message, part->section, node);
	return error;
}

/* Counts as a file only if it is told. */
static bool is_noise(struct walk *walk, const struct mime_part *part, const char *id)
{
	if (node_noise(walk, part->data, part->size, id, part->decoded, part->code_count > 0))
		return true;
	enum scan_code code = budget_file(&walk->budget);
	if (code != SCAN_CODE_NONE)
		(void)node_code(walk, 0, code, "parts that only some readers see");
	return code != SCAN_CODE_NONE;
}

static int on_part(void *context, const struct mime_part *part)
{
	struct message *message = context;
	struct walk *walk = message->walk;
	const struct node *parent = parent_of(message, part->parent);
	char *id = part_id(message, part);
	if (!id)
		return walk->error = -ENOMEM;
	struct node node = {.id = id,
			    .container = message->node,
			    .kind = part->kind,
			    .name = part->name,
			    .mime_type = part->type,
			    .data = part->data,
			    .size = part->data ? part->size : 0,
			    .depth = message->depth + part->depth,
			    .locked = message->node->locked,
			    .wrap = part->kind == PART_MESSAGE ? NULL : wrap_mail,
			    .text = part->text};
	enum node_wish wish = parent->chosen ? NODE_TAKE : node_wish(walk, id);
	node.chosen = wish == NODE_TAKE;
	if (part->tentative && wish != NODE_SKIP && is_noise(walk, part, id))
		wish = NODE_SKIP;
	bool before = walk->tentative;
	walk->tentative |= part->tentative;
	int error = wish == NODE_SKIP ? 0 : take_part(message, parent, &node, part);
	walk->tentative = before;
	/* What is in it is not told; that it is there is. */
	for (unsigned i = 0; !error && part->tentative && wish == NODE_TAKE && i < part->evasions.count; i++)
		error = node_evasion(walk, node.number, part->evasions.noticed[i].evasion,
				     part->evasions.noticed[i].text);
	free(id);
	if (error < 0 && !walk->error)
		walk->error = error;
	if (!walk->error && (error = node_stage(walk, STAGE_MIME, message->node->number)) < 0)
		walk->error = error;
	message->aborted = node_threat(walk, message->viruses);
	return walk->error ? walk->error : walk->ended || message->aborted;
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	const struct message *message = context;
	return node_code(message->walk, message->node->number, code, text);
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	const struct message *message = context;
	return message->node->chosen ? node_evasion(message->walk, message->node->number, evasion, text) : 0;
}

typedef int mime_walker(const uint8_t *data, size_t size, unsigned depth, struct budget *budget,
			const struct mime_visitor *visitor);

static int decompose_with(struct walk *walk, const struct node *node, mime_walker *walker)
{
	/* The input's own MIME structure is no container that somebody nested. */
	unsigned depth = node->number == 0 ? 0 : node->depth + 1;
	struct message message = {.walk = walk, .node = node, .depth = depth, .viruses = walk->viruses};
	const struct mime_visitor visitor = {on_part, on_code, on_evasion, &message};
	if (node_stage(walk, STAGE_MIME, node->number))
		return walk->error;
	struct password_source source = {.data = node->data, .size = node->size, .up = walk->messages};
	walk->messages = &source;
	(void)walker(node->data, node->size, depth, &walk->budget, &visitor);
	walk->messages = source.up;
	while (message.count)
		level_free(&message.levels[--message.count]);
	free(message.levels);
	if (message.aborted)
		(void)node_code(walk, node->number, DEC_RESULT_ABORTED_AFTER_FIRST_THREAT, NULL);
	return walk->error;
}

int decompose_message(struct walk *walk, const struct node *node)
{
	return decompose_with(walk, node, mime_walk);
}

int decompose_text(struct walk *walk, const struct node *node)
{
	return decompose_with(walk, node, mime_walk_text);
}

/* Keeps the engine's word for something encrypted until it is known whether the decomposer has a better one. */
static void hold_encryption(struct walk *walk)
{
	walk->met = walk->result->members;
	for (unsigned i = 0; i < walk->result->code_count; i++)
		if (walk->encrypted.code == SCAN_CODE_NONE && node_encrypted(walk->result->codes[i].code))
			walk->encrypted = walk->result->codes[i];
}

/* The engine's own reading of all that there is: what clamscan would do. */
static int scan_whole(struct walk *walk, const struct node *input, const struct detection *detection)
{
	if (node_stage(walk, STAGE_WHOLE, 0))
		return walk->error;
	engine_scan(walk->engine, input->data, input->size, NULL, walk->result);
	bool mail = strcmp(walk->result->type, "CL_TYPE_MAIL") == 0;
	(void)node_result(walk, input, true);
	(void)node_check_opened(walk, input, detection);
	hold_encryption(walk);
	/* Which part it was is found out by asking for each. */
	walk->attribute = walk->result->virus_count > 0 || walk->encrypted.code != SCAN_CODE_NONE;
	if (walk->error || mail || !detection->mail)
		return walk->error;
	/* The engine takes for mail only what begins with a header that it knows: it gets a line that it does. */
	static const char from[] = "From csapi\n";
	uint8_t *copy = malloc(sizeof from - 1 + input->size);
	if (!copy)
		return node_code(walk, 0, DEC_RESULT_OUT_OF_MEMORY, NULL);
	memcpy(copy, from, sizeof from - 1);
	memcpy(copy + sizeof from - 1, input->data, input->size);
	engine_scan(walk->engine, copy, sizeof from - 1 + input->size, NULL, walk->result);
	free(copy);
	walk->attribute |= walk->result->virus_count > 0;
	return node_result(walk, input, true);
}

/* Does it begin with "Name: value"? Whatever is handed to a mail scanner and does so may be read as mail by somebody. */
static bool begins_with_field(const uint8_t *data, size_t size)
{
	size_t i = 0;
	while (i < size && data[i] > ' ' && data[i] < 0x7F && data[i] != ':')
		i++;
	size_t name = i;
	while (i < size && (data[i] == ' ' || data[i] == '\t'))
		i++;
	return name > 0 && i < size && data[i] == ':';
}

/* A text that is no message to us may be one to others, who do not mind a NUL or two. */
static bool may_be_text(const struct node *input, const char *type)
{
	size_t head = input->size < TEXT_HEAD ? input->size : TEXT_HEAD, nuls = 0;
	for (size_t i = 0; i < head; i++)
		nuls += !input->data[i];
	return !nuls || script_is_wide(input->data, input->size) ||
	       (nuls * NULS_SHARE <= head && strcmp(type, "application/octet-stream") == 0);
}

/* Tells the input itself, and scans and opens it as far as the request wants that. */
static int scan_input(struct walk *walk, struct node *input)
{
	struct detection detection;
	uint8_t digest[DIGEST_SIZE];
	if (part_ids_take(&walk->ids, input->id))
		return -ENOMEM;
	if (!input->size)
		return node_scan(walk, NULL, input);
	detect(input->data, input->size, &detection);
	if (!detection.count && (begins_with_field(input->data, input->size) || mime_begins(input->data, input->size)))
		detection.mail = true;
	if (digest_bytes(input->data, input->size, digest))
		return node_code(walk, 0, AVS_RESULT_SCANFILE_FAILURE, "SHA-256 is not available");
	bool wanted = node_engine_wanted(walk), whole = input->chosen && wanted && !walk->request->avoid_whole;
	enum part_route route = whole ? ROUTE_WHOLE : input->chosen ? ROUTE_UNSEEN : ROUTE_PARTS;
	int unwritten = node_write(walk, NULL, input, detection.mail);
	int error = node_tell(walk, NULL, input, &detection, digest, route);
	error = error ? error : node_written(walk, input, unwritten);
	if (!error && detection.mail)
		error = node_code(walk, 0, DEC_RESULT_OUTER_CONTAINER_IS_MIME, NULL);
	if (!error && whole)
		error = scan_whole(walk, input, &detection);
	if (!error && input->chosen && !wanted)
		error = node_walked(walk, input, &detection);
	if (!error && !node_avoided(walk, input->id))
		error = node_open(walk, input, &detection, digest);
	if (!error && !detection.mail && !detection.count && !walk->ended && !node_avoided(walk, input->id) &&
	    may_be_text(input, detection.type))
		error = decompose_text(walk, input);
	return error;
}

static unsigned count_key(const struct engine_members *members, uint64_t key)
{
	unsigned count = 0;
	for (unsigned i = 0; i < members->count; i++)
		count += members->keys[i] == key;
	return count;
}

/* Are the encrypted members that the engine met those that a password opened here? It tells each of them twice. */
static bool all_unlocked(const struct walk *walk)
{
	if (!walk->met.count || walk->met.more || walk->unlocked.more)
		return false;
	for (unsigned i = 0; i < walk->met.count; i++) {
		uint64_t key = walk->met.keys[i];
		if (count_key(&walk->met, key) > 2 * count_key(&walk->unlocked, key))
			return false;
	}
	return true;
}

/* What can be said only when everything was looked at. */
static int close_walk(struct walk *walk)
{
	const char *part = walk->request->part, *text;
	/* What failed since the engine was last asked. */
	enum scan_code fault = fault_taken(&text);
	if (fault != SCAN_CODE_NONE)
		(void)node_code(walk, 0, fault, text);
	/* The engine saw encryption somewhere, and the decomposer nowhere. */
	if (walk->encrypted.code != SCAN_CODE_NONE && !walk->encrypted_told && !all_unlocked(walk))
		(void)node_code(walk, 0, walk->encrypted.code, walk->encrypted.text);
	if (*part && !walk->found && strcmp(part, "0") != 0)
		(void)node_code(walk, 0, DEC_RESULT_FILE_ACCESS_FAILED, part);
	/* So that nobody takes it for a verdict. */
	if (!node_engine_wanted(walk))
		(void)node_code(walk, 0, AVS_RESULT_SCANNER_NOT_INITIALIZED, REPORT_WALKED_TEXT);
	return walk->error;
}

int decompose(struct engine *engine, const struct request *request, const struct limits *limits, struct source *source,
	      struct room *room, const struct observer *observer)
{
	static struct engine_result result;
	int64_t start = clock_now();
	struct walk walk = {.engine = engine,
			    .request = request,
			    .observer = observer,
			    .room = room,
			    .result = &result,
			    .password_tries = ARCHIVE_TRIES_MOST};
	budget_init(&walk.budget, limits);
	if (request->wire)
		source_unstuff(source);
	struct node input = {.id = "0",
			     .kind = PART_INPUT,
			     .data = source->data,
			     .size = source->size,
			     .chosen = !*request->part || strcmp(request->part, "0") == 0};
	int error = scan_input(&walk, &input);
	error = error ? error : close_walk(&walk);
	walk.budget.usage.scan_ms = (uint64_t)(clock_now() - start);
	error = error ? error : observer->usage(observer->context, &walk.budget.usage);
	part_ids_free(&walk.ids);
	digest_set_free(walk.known);
	return error;
}

const char *decompose_version(void)
{
	static char version[128];
	(void)snprintf(version, sizeof version, "%s, %s", archive_version(), mime_version());
	return version;
}
