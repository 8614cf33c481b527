/*
 * node.c - one part of a message; see node.h.
 */
#include "scan/node.h"

#include "base/utf8.h"
#include "scan/digest.h"
#include "scan/dmg.h"
#include "scan/ole2.h"
#include "scan/opening.h"
#include "scan/pdf.h"
#include "scan/polyglot.h"
#include "scan/reading.h"
#include "scan/sign.h"
#include "scan/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the first refusal of the observer, which ends the walk. */
static int keep(struct walk *walk, int error)
{
	if (error < 0 && !walk->error)
		walk->error = error;
	return walk->error;
}

bool node_engine_wanted(const struct walk *walk)
{
	return !walk->request->measure && !walk->request->extract;
}

/* The leaves of the message, or exactly the part that was asked for. */
static bool wants_bytes(const struct walk *walk, const struct node *parent, const struct node *node, bool mail)
{
	if (!walk->room || !walk->request->extract || !node->chosen || !node->size)
		return false;
	if (*walk->request->part)
		return !parent || !parent->chosen;
	return node->kind == PART_BODY || node->kind == PART_ATTACHMENT || (node->kind == PART_INPUT && !mail);
}

int node_write(struct walk *walk, const struct node *parent, struct node *node, bool mail)
{
	if (!wants_bytes(walk, parent, node, mail))
		return 0;
	int error = room_write(walk->room, node->data, node->size, &node->offset);
	node->written = !error;
	return error;
}

int node_written(struct walk *walk, const struct node *node, int error)
{
	if (error)
		return node_code(walk, node->number, DEC_RESULT_TEMPFILE_ACCESS_FAILED, strerror(-error));
	/* The one part asked for is all there is to it. */
	if (node->written && *walk->request->part)
		walk->found = walk->ended = true;
	return walk->error;
}

bool node_encrypted(enum scan_code code)
{
	return code == DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED || code == DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED;
}

bool node_damage(enum scan_code code)
{
	switch (code) {
	case DEC_RESULT_MALFORMED_CONTAINER_DETECTED:
	case DEC_RESULT_OPEN_CONTAINER_FAILED:
	case DEC_RESULT_CONTAINER_EXTRACT_FAILED:
	case DEC_RESULT_FILE_EXTRACT_FAILED:
	case DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS:
	case DEC_RESULT_PARTIAL_MESSAGE_DETECTED:
	case DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM:
	case DEC_RESULT_MIME_PARSING_FAILED:
		return true;
	default:
		return false;
	}
}

int node_code(struct walk *walk, uint32_t part, enum scan_code code, const char *text)
{
	if (walk->tentative && node_damage(code))
		return walk->error;
	if (node_encrypted(code))
		walk->encrypted_told = true;
	return keep(walk, walk->observer->code(walk->observer->context, part, code, text));
}

int node_evasion(struct walk *walk, uint32_t part, enum evasion evasion, const char *text)
{
	char name[64];
	if (walk->tentative)
		return walk->error;
	char *clean = utf8_clean(text, strlen(text), REPORT_TEXT_MAX);
	(void)keep(walk, clean ? walk->observer->evasion(walk->observer->context, part, evasion, clean) : -ENOMEM);
	free(clean);
	if (walk->error || !walk->request->paranoid)
		return walk->error;
	walk->viruses++;
	(void)snprintf(name, sizeof name, EVASION_VIRUS "%s", evasion_word(evasion));
	return keep(walk, walk->observer->virus(walk->observer->context, part, name, false));
}

int node_stage(struct walk *walk, enum scan_stage stage, uint32_t part)
{
	/* A message in an archive is a part of the archive, whose time goes on. */
	if (stage == STAGE_MIME && walk->archives)
		stage = STAGE_EXTRACT;
	if (walk->stage == stage && walk->stage_part == part)
		return walk->error;
	walk->stage = stage;
	walk->stage_part = part;
	return keep(walk, walk->observer->stage(walk->observer->context, stage, part));
}

bool node_avoided(const struct walk *walk, const char *id)
{
	for (unsigned i = 0; i < walk->request->avoid_count; i++)
		if (strcmp(walk->request->avoid[i], id) == 0)
			return true;
	return false;
}

bool node_threat(const struct walk *walk, unsigned before)
{
	return walk->request->first_threat && walk->viruses > before;
}

/* Does `id` begin with `start`, and does a new step begin behind it? */
static bool leads(const char *id, const char *start)
{
	size_t length = strlen(start);
	return strncmp(id, start, length) == 0 && (id[length] == '/' || id[length] == '.');
}

enum node_wish node_wish(const struct walk *walk, const char *id)
{
	const char *wanted = walk->request->part;
	if (!*wanted || strcmp(id, wanted) == 0)
		return NODE_TAKE;
	/* "2" asks for "2/invoice.zip" too: the name is only there for people. */
	if (!strchr(wanted, '/') && leads(id, wanted) && id[strlen(wanted)] == '/')
		return NODE_TAKE;
	if (leads(wanted, id))
		return NODE_PASS;
	/* The way to "2.1" leads through the message "2/forwarded.eml". */
	char section[64];
	size_t length = strcspn(id, "/");
	if (length >= sizeof section || strchr(wanted, '/'))
		return NODE_SKIP;
	(void)snprintf(section, sizeof section, "%.*s", (int)length, id);
	return leads(wanted, section) ? NODE_PASS : NODE_SKIP;
}

int node_tell(struct walk *walk, const struct node *parent, struct node *node, const struct detection *detection,
	      const uint8_t *digest, enum part_route route)
{
	node->number = walk->next++;
	char *name = node->name ? utf8_clean(node->name, strlen(node->name), REPORT_TEXT_MAX) : NULL;
	char *type = node->mime_type ? utf8_clean(node->mime_type, strlen(node->mime_type), REPORT_TEXT_MAX) : NULL;
	if ((node->name && !name) || (node->mime_type && !type)) {
		free(name);
		free(type);
		return keep(walk, -ENOMEM);
	}
	struct part part = {.number = node->number,
			    .parent = parent ? parent->number : REPORT_NO_PART,
			    .kind = node->kind,
			    .route = route,
			    .id = (char *)(uintptr_t)node->id,
			    .name = name,
			    .mime_type = type,
			    .detected_type = detection ? (char *)(uintptr_t)detection->type : NULL,
			    .size = node->size,
			    .password = node->password,
			    .written = node->written,
			    .offset = node->offset,
			    .has_sha256 = digest != NULL};
	if (digest)
		memcpy(part.sha256, digest, sizeof part.sha256);
	int error = keep(walk, walk->observer->part(walk->observer->context, &part));
	/* The answer sought is told on the way: a walk that is cut short still says how far it came. */
	if (!error && walk->request->measure)
		error = keep(walk, walk->observer->usage(walk->observer->context, &walk->budget.usage));
	free(name);
	free(type);
	return error;
}

int node_tell_empty(struct walk *walk, const struct node *parent, struct node *node, enum part_route route)
{
	struct detection detection;
	uint8_t digest[DIGEST_SIZE];
	bool empty = route == ROUTE_EMPTY && digest_bytes("", 0, digest) == 0;
	detect(node->data, 0, &detection);
	return node_tell(walk, parent, node, route == ROUTE_EMPTY ? &detection : NULL, empty ? digest : NULL, route);
}

static int tell_route(struct walk *walk, uint32_t part, enum part_route route)
{
	return keep(walk, walk->observer->route(walk->observer->context, part, route));
}

int node_result(struct walk *walk, const struct node *node, bool archive)
{
	const struct engine_result *result = walk->result;
	for (unsigned i = 0; i < result->virus_count; i++) {
		const struct engine_virus *virus = &result->viruses[i];
		walk->viruses++;
		if (keep(walk,
			 walk->observer->virus(walk->observer->context, node->number, virus->name, virus->official)))
			return walk->error;
	}
	for (unsigned i = 0; i < result->code_count; i++) {
		const struct engine_code *found = &result->codes[i];
		/* The decomposer knows which member it is. */
		if (archive && node_encrypted(found->code))
			continue;
		if (node_code(walk, node->number, found->code, found->text))
			return walk->error;
	}
	return walk->error;
}

/* Does the decomposer tell of its members? */
static bool is_archive(const struct detection *detection)
{
	for (unsigned i = 0; i < detection->count; i++)
		if (detect_opener(detection->formats[i]) == DETECT_ARCHIVE)
			return true;
	return false;
}

/*
 * Formats that only the engine opens and that are nothing but containers: when it reaches no layer inside one, it did
 * not open it, and says nothing.
 */
static const char *engine_container(const struct detection *detection)
{
	for (unsigned i = 0; i < detection->count; i++) {
		switch (detection->formats[i]) {
		case DETECT_ARJ:
		case DETECT_CHM:
		case DETECT_SIS:
		case DETECT_SZDD:
		case DETECT_ALZ:
		case DETECT_EGG:
		case DETECT_NSIS:
		case DETECT_DMG:
		case DETECT_HFSPLUS:
			return detect_text(detection->formats[i]);
		default:
			break;
		}
	}
	return NULL;
}

/*
 * Gives a part to the engine in a plain container of the kind it lies in, for signatures that ask for that. True when
 * the engine took it out again, so that it need not get the bare bytes too.
 */
static bool feed_wrapped(struct walk *walk, const struct node *node, const struct detection *detection,
			 const uint8_t digest[DIGEST_SIZE])
{
	struct buffer wrapped;
	bool seen = false;
	if (node->wrap(node->data, node->size, node->name ? node->name : "", &wrapped) == 0) {
		engine_scan(walk->engine, wrapped.data, wrapped.size, NULL, walk->result);
		(void)node_result(walk, node, is_archive(detection));
		seen = !walk->result->incomplete && engine_saw(walk->engine, digest);
	}
	buffer_free(&wrapped);
	return seen;
}

int node_check_opened(struct walk *walk, const struct node *node, const struct detection *detection)
{
	const char *container = engine_container(detection);
	char text[128];
	if (!container || walk->result->layers > 1 || walk->result->virus_count)
		return walk->error;
	(void)snprintf(text, sizeof text, "%s: nothing could be taken out of it", container);
	return node_code(walk, node->number, DEC_RESULT_OPEN_CONTAINER_FAILED, text);
}

int node_walked(struct walk *walk, const struct node *node, const struct detection *detection)
{
	const char *container = engine_container(detection);
	char text[128];
	if (tell_route(walk, node->number, ROUTE_WALKED) || !container || walk->request->extract)
		return walk->error;
	(void)snprintf(text, sizeof text, "%s: only the engine opens it", container);
	return node_code(walk, node->number, DEC_RESULT_OPEN_CONTAINER_FAILED, text);
}

static int tell_ole2(struct walk *walk, const struct node *node)
{
	const char *what = ole2_encrypted(node->data, node->size), *damage = ole2_damage(node->data, node->size);
	char text[64];
	if (damage)
		(void)node_code(walk, node->number, DEC_RESULT_MALFORMED_CONTAINER_DETECTED, damage);
	if (!what)
		return walk->error;
	(void)snprintf(text, sizeof text, "encrypted %s", what);
	return node_code(walk, node->number, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, text);
}

/* Shows the engine an encryption that it does not see: it undoes one that needs no password, and tells of the others. */
static int feed_pdf(struct walk *walk, const struct node *node, const struct buffer *tail)
{
	uint8_t *copy = node->size <= SIZE_MAX - tail->size ? malloc(node->size + tail->size) : NULL;
	if (!copy)
		return node_code(walk, node->number, DEC_RESULT_OUT_OF_MEMORY, "an encrypted PDF");
	memcpy(copy, node->data, node->size);
	memcpy(copy + node->size, tail->data, tail->size);
	if (!node_stage(walk, STAGE_SCAN, node->number)) {
		engine_scan(walk->engine, copy, node->size + tail->size, node->name, walk->result);
		(void)node_result(walk, node, false);
	}
	free(copy);
	return walk->error;
}

static int tell_pdf(struct walk *walk, const struct node *node)
{
	struct buffer tail;
	enum pdf_encryption encryption = pdf_encryption(node->data, node->size, &tail);
	if (encryption == PDF_CRYPTIC || (encryption == PDF_HIDDEN && !node_engine_wanted(walk)))
		(void)node_code(walk, node->number, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED, "encrypted PDF");
	else if (encryption == PDF_HIDDEN)
		(void)feed_pdf(walk, node, &tail);
	buffer_free(&tail);
	return walk->error;
}

static int tell_dmg(struct walk *walk, const struct node *node)
{
	const char *method = dmg_unread_method(node->data, node->size);
	return method ? node_code(walk, node->number, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, method) : walk->error;
}

/* What neither the engine nor the archive library says. */
static int tell_signs(struct walk *walk, const struct node *node, const struct detection *detection)
{
	const char *unknown = sign_of_format(node->name);
	if (sign_of_volume(node->name))
		(void)node_code(walk, node->number, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "by its name");
	else if (unknown && !detection->count && strcmp(detection->type, "application/octet-stream") == 0)
		(void)node_code(walk, node->number, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM, unknown);
	for (unsigned i = 0; i < detection->count && !walk->error; i++) {
		if (detection->formats[i] == DETECT_OLE2)
			(void)tell_ole2(walk, node);
		else if (detection->formats[i] == DETECT_PDF)
			(void)tell_pdf(walk, node);
		else if (detection->formats[i] == DETECT_DMG)
			(void)tell_dmg(walk, node);
		else if (detection->formats[i] == DETECT_ARJ && sign_of_arj_volume(node->data, node->size))
			(void)node_code(walk, node->number, DEC_RESULT_FILE_SPLIT_ACROSS_CONTAINERS, "by its header");
	}
	return walk->error;
}

/* An archive that hides behind something else. */
static int tell_polyglot(struct walk *walk, const struct node *node, const struct detection *detection)
{
	char text[POLYGLOT_TEXT_MOST];
	enum evasion evasion =
		detection->count ? polyglot_judge(node->data, node->size, detection, text) : EVASION_NONE;
	return evasion == EVASION_NONE ? walk->error : node_evasion(walk, node->number, evasion, text);
}

/* Gives the bytes of a part to the engine. */
static int feed(struct walk *walk, const struct node *node, const struct detection *detection,
		const uint8_t digest[DIGEST_SIZE])
{
	if (node_stage(walk, STAGE_SCAN, node->number))
		return walk->error;
	bool unseen = node->wrap && !engine_saw(walk->engine, digest);
	if (unseen && feed_wrapped(walk, node, detection, digest) && !engine_container(detection))
		return walk->error;
	engine_scan(walk->engine, node->data, node->size, node->name, walk->result);
	/* Which of its members it was is found out likewise. */
	walk->attribute |= walk->result->virus_count > 0;
	if (node_result(walk, node, is_archive(detection)))
		return walk->error;
	return node_check_opened(walk, node, detection);
}

/* Is it a MIME part that the request wants the engine to have once more? */
static bool by_itself(const struct walk *walk, const struct node *node)
{
	bool mime = node->kind == PART_MESSAGE || node->kind == PART_BODY || node->kind == PART_ATTACHMENT;
	return walk->request->part_by_part && mime;
}

/* Sees to it that the engine has the bytes of this part, and tells by which route. */
static int see(struct walk *walk, const struct node *node, const struct detection *detection,
	       const uint8_t digest[DIGEST_SIZE])
{
	uint8_t text_digest[DIGEST_SIZE];
	enum part_route route = ROUTE_FED;
	if (engine_saw(walk->engine, digest))
		route = ROUTE_ENGINE;
	else if (node->text && digest_text(node->data, node->size, text_digest) == 0 &&
		 engine_saw_text(walk->engine, text_digest))
		route = ROUTE_TEXT;
	if (by_itself(walk, node))
		route = ROUTE_FED;
	if (route == ROUTE_FED || walk->attribute || engine_container(detection)) {
		if (feed(walk, node, detection, digest))
			return walk->error;
	}
	return tell_route(walk, node->number, route);
}

int node_open(struct walk *walk, const struct node *node, const struct detection *detection,
	      const uint8_t digest[DIGEST_SIZE])
{
	bool deep = false, leaves = walk->request->extract && !*walk->request->part;
	/* Whoever gets the leaves opens them. */
	if (walk->ended || (leaves && !(node->number == 0 && detection->mail)))
		return walk->error;
	if (node->chosen && (tell_signs(walk, node, detection) || tell_polyglot(walk, node, detection)))
		return walk->error;
	for (unsigned i = 0; i < detection->count && !walk->error && !walk->ended; i++) {
		enum detect_format format = detection->formats[i];
		enum detect_opener opener = detect_opener(format);
		if (opener == DETECT_NOBODY) {
			(void)node_code(walk, node->number, DEC_RESULT_CONTAINER_UNKNOWN_ALGORITHM,
					detect_text(format));
		} else if (opener == DETECT_LOCKED) {
			(void)node_code(walk, node->number, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED,
					detect_text(format));
		} else if ((opener == DETECT_ARCHIVE || opener == DETECT_BOTH) && !deep &&
			   !opening_in_stream(walk, node, detection, format, digest)) {
			enum scan_code code = budget_depth(&walk->budget, node->depth + 1);
			deep = code != SCAN_CODE_NONE;
			if (deep)
				(void)node_code(walk, node->number, code, detect_text(format));
			else
				(void)opening_archive(walk, node, format, i > 0);
		}
	}
	(void)opening_layers(walk, node, detection, digest);
	if (walk->error || walk->ended)
		return walk->error;
	/* A message that is not declared as one. A text that quotes a header is none, a file that is called a text may be. */
	bool declared_text = node->mime_type && strncmp(node->mime_type, "text/", 5) == 0 &&
			     (!node->name || strcmp(node->mime_type, "text/rfc822-headers") == 0);
	bool message = detection->mail && !declared_text && node->kind != PART_MESSAGE;
	bool text = !detection->mail && !detection->count && (node->kind == PART_MEMBER || node->kind == PART_STREAM) &&
		    sign_of_encoded_text(node->name, node->data, node->size);
	if (!message && !text)
		return walk->error;
	enum scan_code code = budget_depth(&walk->budget, node->depth + 1);
	if (code != SCAN_CODE_NONE)
		return node_code(walk, node->number, code, message ? "message" : "encoded file");
	return message ? decompose_message(walk, node) : decompose_text(walk, node);
}

/* Forgetting one only costs a second scan. */
static bool know(struct walk *walk, const uint8_t digest[DIGEST_SIZE])
{
	if (!walk->known && !(walk->known = digest_set_new()))
		return false;
	if (digest_set_has(walk->known, digest))
		return true;
	(void)digest_set_add(walk->known, digest);
	return false;
}

bool node_known(struct walk *walk, const uint8_t *data, size_t size)
{
	uint8_t digest[DIGEST_SIZE];
	return digest_bytes(data, size, digest) == 0 && know(walk, digest);
}

bool node_noise(struct walk *walk, const uint8_t *data, size_t size, const char *id, bool mail, bool matters)
{
	struct detection detection;
	if (node_known(walk, data, size))
		return true;
	detect(data, size, &detection);
	matters = matters || reading_detection_matters(&detection) || (mail && detection.mail);
	if (!matters && node_engine_wanted(walk) && !node_avoided(walk, id)) {
		if (node_stage(walk, STAGE_SCAN, 0))
			return true;
		engine_scan(walk->engine, data, size, NULL, walk->result);
		matters = walk->result->virus_count > 0;
		for (unsigned i = 0; i < walk->result->code_count; i++)
			matters |= !node_damage(walk->result->codes[i].code);
		/* By now the engine saw it; it is asked once more when the part is told. */
		walk->attribute |= matters;
	}
	return !matters;
}

int node_scan(struct walk *walk, const struct node *parent, struct node *node)
{
	struct detection detection;
	uint8_t digest[DIGEST_SIZE];
	if (node->chosen && *walk->request->part)
		walk->found = true;
	if (!node->size)
		return node_tell_empty(walk, parent, node, ROUTE_EMPTY);
	detect(node->data, node->size, &detection);
	if (digest_bytes(node->data, node->size, digest))
		return keep(walk, -EIO);
	(void)know(walk, digest);
	enum part_route route = node->chosen ? ROUTE_UNSEEN : ROUTE_PARTS;
	int unwritten = node_write(walk, parent, node, false);
	int error = node_tell(walk, parent, node, &detection, digest, route);
	error = error ? error : node_written(walk, node, unwritten);
	if (error || node_avoided(walk, node->id))
		return error;
	if (node->chosen)
		error = node_engine_wanted(walk) ? see(walk, node, &detection, digest)
						 : node_walked(walk, node, &detection);
	/* The parts of an inner message come from the walk of the outer one. */
	return error || node->kind == PART_MESSAGE ? error : node_open(walk, node, &detection, digest);
}
