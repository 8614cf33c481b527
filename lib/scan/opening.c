/*
 * opening.c - what lies in a container becomes parts below it; see opening.h.
 *
 * Refuses what the budget does not allow. Called by node.c, which it calls for each member.
 */
#include "scan/opening.h"

#include "base/utf8.h"
#include "scan/archive.h"
#include "scan/mark.h"
#include "scan/ole2.h"
#include "scan/sign.h"
#include "scan/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- by archive.c ------------------------------------------------------------------------------------------------ */

/* The content of a stream is called as the stream, less its ending; "content" if it has no name. */
static void stream_name(const struct node *container, char *ret_name, size_t size)
{
	const char *name = container->name ? container->name : "";
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	const char *dot = strrchr(base, '.');
	int length = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
	if (length)
		(void)snprintf(ret_name, size, "%.*s", length, base);
	else
		(void)snprintf(ret_name, size, "content");
}

struct opening {
	struct walk *walk;
	const struct node *container;
	enum detect_format format;
	unsigned viruses; /* told before it was opened */
	bool aborted;
	bool collected; /* the passwords, when the first one was asked for: */
	unsigned password_count, given;
	const char **passwords; /* owned; the texts are the request's and the messages' */
};

static void collect_list(struct opening *opening, const struct password_list *list)
{
	for (const char *at = NULL; (at = password_list_next(list, at)) != NULL;) {
		if (opening->passwords)
			opening->passwords[opening->password_count] = at;
		opening->password_count++;
	}
}

/* Those that were given, then the words of the messages around it, from the innermost on. Counts them where there is no room for them yet. */
static void collect_all(struct opening *opening)
{
	struct walk *walk = opening->walk;
	opening->password_count = 0;
	collect_list(opening, &walk->request->passwords);
	opening->given = opening->password_count;
	for (struct password_source *at = walk->messages; at; at = at->up) {
		if (!at->gathered)
			password_gather(at, &walk->budget);
		collect_list(opening, &at->words);
	}
}

static const char *on_password(void *context, unsigned number)
{
	struct opening *opening = context;
	if (!opening->collected) {
		opening->collected = true;
		collect_all(opening);
		opening->passwords = calloc(opening->password_count + 1, sizeof *opening->passwords);
		if (opening->passwords)
			collect_all(opening);
		else
			opening->password_count = 0; /* it is told as encrypted */
	}
	return number <= opening->password_count ? opening->passwords[number - 1] : NULL;
}

static int on_next(void *context, const char *name)
{
	const struct opening *opening = context;
	(void)name; /* a death is blamed on the container: only that can be left alone by the next worker */
	return node_stage(opening->walk, STAGE_EXTRACT, opening->container->number);
}

static int on_code(void *context, enum scan_code code, const char *text)
{
	const struct opening *opening = context;
	return node_code(opening->walk, opening->container->number, code, text);
}

static int on_evasion(void *context, enum evasion evasion, const char *text)
{
	const struct opening *opening = context;
	if (!opening->container->chosen)
		return 0;
	return node_evasion(opening->walk, opening->container->number, evasion, text);
}

/* The engine undoes some methods by itself: it has the member if it reached as many bytes as the archive declares. */
static bool engine_has(const struct walk *walk, const struct archive_member *member)
{
	return member->engine_opens && node_engine_wanted(walk) && engine_saw_size(walk->engine, member->declared);
}

static int tell_member_codes(struct walk *walk, const struct node *node, const struct archive_member *member)
{
	if (member->evasion != EVASION_NONE && node->chosen &&
	    node_evasion(walk, node->number, member->evasion, member->evasion_text))
		return walk->error;
	for (unsigned i = 0; i < member->code_count; i++) {
		if (member->codes[i].code == DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM && engine_has(walk, member))
			continue;
		if (node_code(walk, node->number, member->codes[i].code, member->codes[i].text))
			return walk->error;
	}
	return 0;
}

/* A member without bytes here: nothing to scan, and a route only if that is all there is to it. */
static int scan_empty(struct opening *opening, struct node *node, const struct archive_member *member)
{
	struct walk *walk = opening->walk;
	bool whole = true;
	for (unsigned i = 0; i < member->code_count; i++)
		whole = whole && scan_code_is_information(member->codes[i].code);
	enum part_route route = whole ? ROUTE_EMPTY : engine_has(walk, member) ? ROUTE_ENGINE : ROUTE_UNSEEN;
	/* The begin of an archive that a bounce quotes ends anywhere. */
	bool damaged = member->code_count > 0;
	for (unsigned i = 0; i < member->code_count; i++)
		damaged = damaged && node_damage(member->codes[i].code);
	if (walk->tentative && route == ROUTE_UNSEEN && damaged)
		return 0;
	int error = node_tell_empty(walk, opening->container, node, route);
	return error ? error : tell_member_codes(walk, node, member);
}

/* The id of a member: the container's, and its own name. Caller frees. */
static char *member_id(struct walk *walk, const struct node *container, const char *name, size_t size)
{
	char *clean = utf8_clean(name, size, REPORT_TEXT_MAX);
	char *id = NULL;
	if (!clean || asprintf(&id, "%s/%s", container->id, *clean ? clean : "unnamed") < 0)
		id = NULL;
	char *unique = id ? part_ids_unique(&walk->ids, id) : NULL;
	free(clean);
	free(id);
	return unique;
}

static int scan_member(struct opening *opening, struct node *node, const struct archive_member *member)
{
	struct walk *walk = opening->walk;
	if (!member->size)
		return scan_empty(opening, node, member);
	int error = node_scan(walk, opening->container, node);
	return error ? error : tell_member_codes(walk, node, member);
}

/* Some documents encrypt what is in an archive, and not the archive. */
static int tell_encrypted_members(const struct opening *opening, const struct archive_member *member)
{
	char text[64];
	const char *what = opening->format == DETECT_ZIP && opening->container->chosen
				   ? sign_of_encrypted_members(member->name, member->data, member->size)
				   : NULL;
	if (!what)
		return 0;
	(void)snprintf(text, sizeof text, "encrypted %s", what);
	return node_code(opening->walk, opening->container->number, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, text);
}

/* A stream of a document, of which the engine knows nothing, and nobody has to. */
static bool is_noise(struct walk *walk, const char *id, const struct archive_member *member)
{
	return member->noise && !walk->request->extract &&
	       node_noise(walk, member->data, member->size, id, !member->chance, member->code_count > 0);
}

static int on_member(void *context, const struct archive_member *member)
{
	struct opening *opening = context;
	struct walk *walk = opening->walk;
	char stream[256];
	const char *name = member->name;
	if (!*name && member->stream) {
		stream_name(opening->container, stream, sizeof stream);
		name = stream;
	}
	char *id = member_id(walk, opening->container, name,
			     member->name_size && !member->stream ? member->name_size : strlen(name));
	if (!id)
		return walk->error = -ENOMEM;
	enum part_password password = !member->password                    ? PASSWORD_NONE
				      : member->password <= opening->given ? PASSWORD_GIVEN
									   : PASSWORD_MESSAGE;
	if (password != PASSWORD_NONE && !opening->container->locked)
		engine_members_add(&walk->unlocked, member->name, member->packed, member->declared);
	struct node node = {.id = id,
			    .container = opening->container,
			    .password = password,
			    .locked = opening->container->locked || password != PASSWORD_NONE,
			    .kind = member->stream ? PART_STREAM : PART_MEMBER,
			    .name = *name ? name : NULL,
			    .data = member->data,
			    .size = member->size,
			    .depth = opening->container->depth + 1,
			    .wrap = opening->format == DETECT_ZIP ? wrap_zip : NULL};
	enum node_wish wish = opening->container->chosen ? NODE_TAKE : node_wish(walk, id);
	node.chosen = wish == NODE_TAKE;
	if (wish == NODE_TAKE && is_noise(walk, id, member))
		wish = NODE_SKIP;
	bool before = walk->tentative;
	walk->tentative |= member->chance;
	int error = wish == NODE_SKIP ? 0 : scan_member(opening, &node, member);
	walk->tentative = before;
	error = error ? error : tell_encrypted_members(opening, member);
	free(id);
	if (error || walk->ended)
		return error ? error : 1;
	opening->aborted = node_threat(walk, opening->viruses);
	return opening->aborted;
}

static bool on_known(void *context, const uint8_t *data, size_t size)
{
	const struct opening *opening = context;
	/* On the way to the one part asked for, what was passed was not told. */
	return opening->container->chosen && node_known(opening->walk, data, size);
}

/* A stream of a document that the engine took out. Where the engine is not asked, nobody knows what it would take out. */
static bool on_seen(void *context, const uint8_t *data, size_t size)
{
	const struct opening *opening = context;
	uint8_t digest[DIGEST_SIZE];
	if (!node_engine_wanted(opening->walk))
		return opening->walk->request->measure;
	return digest_bytes(data, size, digest) == 0 && engine_saw(opening->walk->engine, digest);
}

int opening_archive(struct walk *walk, const struct node *node, enum detect_format format, bool again)
{
	bool (*known)(void *, const uint8_t *, size_t) = again ? on_known : NULL;
	struct opening opening = {.walk = walk, .container = node, .format = format, .viruses = walk->viruses};
	const struct archive_visitor visitor = {.member = on_member,
						.code = on_code,
						.evasion = on_evasion,
						.next = on_next,
						.password = on_password,
						.tries = &walk->password_tries,
						.known = detect_opener(format) == DETECT_BOTH ? on_seen : known,
						.context = &opening};
	if (node_stage(walk, STAGE_EXTRACT, node->number))
		return walk->error;
	walk->archives++;
	(void)archive_walk(format, node->data, node->size, &walk->budget, &visitor);
	free(opening.passwords);
	if (--walk->archives == 0)
		(void)node_stage(walk, STAGE_MIME, 0);
	if (opening.aborted)
		(void)node_code(walk, node->number, DEC_RESULT_ABORTED_AFTER_FIRST_THREAT, NULL);
	return walk->error;
}

/* --- by the engine ----------------------------------------------------------------------------------------------- */

static bool stands_at(const struct node *container, size_t offset, const struct engine_layer *layer)
{
	return layer->size <= container->size && offset <= container->size - layer->size &&
	       memcmp(container->data + offset, layer->data, layer->size) == 0;
}

/* Is it an archive that stands behind a program, or within something else, and was opened, or told of, as what that is too? */
static bool opened_with(const struct node *container, const struct detection *detection,
			const struct engine_layer *layer)
{
	const struct detection *own = &layer->detection;
	for (unsigned i = 0; i < detection->count; i++) {
		enum detect_format format = detection->formats[i];
		if (!own->count || format != own->formats[0] || detect_opener(format) == DETECT_ENGINE_ONLY)
			continue;
		if (stands_at(container, detect_offset(format, container->data, container->size), layer) ||
		    stands_at(container, container->size - layer->size, layer))
			return true;
	}
	return false;
}

/* The engine reads some files a second time, as if they lay in themselves. */
static bool is_itself(const struct node *container, const struct engine_layer *layer)
{
	for (; container; container = container->container)
		if (container->size == layer->size && memcmp(container->data, layer->data, layer->size) == 0)
			return true;
	return false;
}

/* The limit that it exceeds, or SCAN_CODE_NONE: then it is charged. */
static enum scan_code charge(struct walk *walk, uint64_t size)
{
	enum scan_code code = budget_file(&walk->budget);
	if (code != SCAN_CODE_NONE)
		return code;
	budget_part(&walk->budget);
	(void)budget_charge(&walk->budget, size, &code);
	return code;
}

static int take_layer(struct walk *walk, const struct node *container, const struct engine_layer *layer)
{
	const char *name = layer->name ? layer->name : "";
	char *id = member_id(walk, container, name, strlen(name));
	if (!id)
		return walk->error = -ENOMEM;
	struct node node = {.id = id,
			    .container = container,
			    .locked = container->locked,
			    .kind = PART_MEMBER,
			    .name = layer->name,
			    .data = layer->data,
			    .size = layer->size,
			    .depth = container->depth + 1};
	enum node_wish wish = container->chosen ? NODE_TAKE : node_wish(walk, id);
	node.chosen = wish == NODE_TAKE;
	enum scan_code code = wish == NODE_SKIP ? SCAN_CODE_NONE : charge(walk, layer->size);
	int error = 0;
	if (code != SCAN_CODE_NONE)
		error = node_code(walk, container->number, code, node.name);
	else if (wish != NODE_SKIP)
		error = node_scan(walk, container, &node);
	free(id);
	return error;
}

/*
 * A message is taken apart here, also where the engine takes it for something else, and what is encoded in a text of one, or quoted there, is found by
 * readings, which know what not to say of it. Not so a text in an archive.
 */
static bool read_here(const struct node *node, const struct detection *detection)
{
	bool member = node->kind == PART_MEMBER || node->kind == PART_STREAM;
	return detection->mail || (!member && !detection->count && strncmp(detection->type, "text/", 5) == 0);
}

/* Does somebody open one of the formats that it could be: the engine alone, or archive.c? */
static bool opens(const struct detection *detection, enum detect_opener opener)
{
	for (unsigned i = 0; i < detection->count; i++)
		if (detect_opener(detection->formats[i]) == opener)
			return true;
	return false;
}

bool opening_in_stream(const struct walk *walk, const struct node *node, const struct detection *detection,
		       enum detect_format format, const uint8_t digest[DIGEST_SIZE])
{
	struct mark_zip_end end;
	const struct engine_layer *layer = NULL;
	if (!node_engine_wanted(walk) || format == DETECT_OLE2 || !detect_has(detection, DETECT_OLE2))
		return false;
	size_t at = detect_offset(format, node->data, node->size);
	if (format == DETECT_ZIP && mark_zip_end(node->data, node->size, &end))
		at = end.record;
	if (at >= ole2_end(node->data, node->size))
		return false;
	while ((layer = engine_layer_next(walk->engine, digest, layer)))
		if (detect_has(&layer->detection, format))
			return true;
	return false;
}

/* On the way to the one part asked for. What else is in there is nobody's concern, and the part is asked for again by itself. */
static void pass_through(struct walk *walk, const struct node *node)
{
	if (node_stage(walk, STAGE_SCAN, node->number))
		return;
	engine_scan(walk->engine, node->data, node->size, node->name, walk->result);
	walk->attribute = true;
}

int opening_layers(struct walk *walk, const struct node *node, const struct detection *detection,
		   const uint8_t digest[DIGEST_SIZE])
{
	const struct engine_layer *layer = NULL;
	unsigned viruses = walk->viruses;
	if (walk->error || walk->ended || !node_engine_wanted(walk) || read_here(node, detection))
		return walk->error;
	if (!node->chosen && (opens(detection, DETECT_ENGINE_ONLY) || opens(detection, DETECT_BOTH)))
		pass_through(walk, node);
	while (!walk->error && !walk->ended && (layer = engine_layer_next(walk->engine, digest, layer))) {
		if (is_itself(node, layer) || opened_with(node, detection, layer))
			continue;
		/* Of an image with several trees, what one of them showed here already. */
		if (node->chosen && opens(detection, DETECT_ARCHIVE) && node_known(walk, layer->data, layer->size))
			continue;
		enum scan_code code = budget_depth(&walk->budget, node->depth + 1);
		if (code != SCAN_CODE_NONE)
			return node_code(walk, node->number, code, layer->name);
		if (take_layer(walk, node, layer) == 0 && node_threat(walk, viruses))
			return node_code(walk, node->number, DEC_RESULT_ABORTED_AFTER_FIRST_THREAT, NULL);
	}
	return walk->error;
}
