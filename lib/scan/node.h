/*
 * node.h - one part of a message: told to the observer, given to the engine if it never saw it, opened if it is a container.
 *
 * The inside of decompose: everything that is known while one message is taken apart, and the recursion from a container
 * to its members. Called by decompose.c only.
 */
#ifndef CSAPI_SCAN_NODE_H
#define CSAPI_SCAN_NODE_H

#include "base/buffer.h"
#include "scan/budget.h"
#include "scan/detect.h"
#include "scan/engine.h"
#include "scan/password.h"
#include "scan/room.h"
#include "verdict/observer.h"
#include "verdict/part_id.h"
#include "verdict/request.h"

#include <stdbool.h>
#include <stdint.h>

/* One message while it is taken apart. */
struct walk {
	struct engine *engine; /* NULL: see node_engine_wanted */
	const struct request *request;
	const struct observer *observer;
	struct room *room; /* for the parts, where the request asks for them */
	struct budget budget;
	struct part_ids ids;
	struct digest_set *known;     /* contents that were told, or looked at and not told; owned, NULL: none yet */
	uint32_t next;                /* number of the next part */
	int error;                    /* the observer refused to listen: everything ends */
	bool attribute;               /* the engine found something in the whole: ask for each part, which one it was */
	struct engine_code encrypted; /* what the engine said of encryption in the whole */
	unsigned archives;            /* open one in another */
	struct password_source *messages; /* that are walked, the innermost first; NULL: none */
	unsigned password_tries;          /* left, see archive.h */
	struct engine_members met;        /* encrypted ones that the engine met in the whole, and: */
	struct engine_members unlocked;   /* those that a password opened here, of archives that lie in none such */
	bool encrypted_told;              /* a part was said to be encrypted */
	bool tentative;        /* within a part that only another reader sees: damage and evasions are not told */
	bool found;            /* the one part asked for was met */
	bool ended;            /* nothing more is to be looked at */
	unsigned viruses;      /* findings told so far */
	enum scan_stage stage; /* the last one told */
	uint32_t stage_part;
	struct engine_result *result; /* of the last scan; one for all levels, for it is large */
};

/* One part. Borrowed texts. */
struct node {
	uint32_t number;
	const struct node *container; /* that it lies in; NULL: it is the input */
	const char *id;
	enum part_kind kind;
	const char *name;      /* as given, NULL: none */
	const char *mime_type; /* as declared, NULL: none */
	const uint8_t *data;
	size_t size;
	unsigned depth; /* containers it lies in */
	/* What the engine gets it in when it never saw it; NULL: as it is. wrap_zip or wrap_mail. */
	int (*wrap)(const uint8_t *data, size_t size, const char *name, struct buffer *ret_buffer);
	bool written; /* to the room, from `offset` on */
	uint64_t offset;
	bool locked;                 /* it lies in an archive that a password opened */
	enum part_password password; /* that of its own archive */
	bool text;                   /* may be compared without its white space */
	bool chosen; /* it, or what it lies in, is the one part asked for; true when there is no such wish */
};

/* Walks a message found in a part; decompose.c's, handed over because archives hold messages and messages archives. */
int decompose_message(struct walk *walk, const struct node *node);
/* Likewise a text in which there may be encoded files. */
int decompose_text(struct walk *walk, const struct node *node);

/*
 * What becomes of a part with this id when only one part is asked for: nothing, the way to it, or the part (and what is
 * in it).
 */
enum node_wish { NODE_SKIP, NODE_PASS, NODE_TAKE };
enum node_wish node_wish(const struct walk *walk, const char *id);

/*
 * Tells of a new part below `parent` (NULL: it is the input itself) and gives it its number; its id is unique already. 0,
 * or the walk's error.
 */
int node_tell(struct walk *walk, const struct node *parent, struct node *node, const struct detection *detection,
	      const uint8_t *digest, enum part_route route);
/* Everything that is to be done about a part with content: tells it, scans it, opens it. As node_tell. */
int node_scan(struct walk *walk, const struct node *parent, struct node *node);
/* The same of a part without bytes here: because it is empty (ROUTE_EMPTY), or whatever the route says. Is not scanned. As node_tell. */
int node_tell_empty(struct walk *walk, const struct node *parent, struct node *node, enum part_route route);
/* Opens what the bytes of a part are by their marks; `digest` is theirs. */
int node_open(struct walk *walk, const struct node *node, const struct detection *detection,
	      const uint8_t digest[DIGEST_SIZE]);
/* Says so where the last scan took nothing out of a container that only the engine opens. */
int node_check_opened(struct walk *walk, const struct node *node, const struct detection *detection);
/* Tells the viruses and codes of the last scan. `archive`: the decomposer opens it too and tells of encryption itself. */
int node_result(struct walk *walk, const struct node *node, bool archive);
int node_code(struct walk *walk, uint32_t part, enum scan_code code, const char *text);
/* Tells of an evasion, and in a paranoid scan of the virus that it counts as. */
int node_evasion(struct walk *walk, uint32_t part, enum evasion evasion, const char *text);
int node_stage(struct walk *walk, enum scan_stage stage, uint32_t part);
/* Is this a scan? Else the message is only taken apart, the engine is not touched and may be NULL. */
bool node_engine_wanted(const struct walk *walk);
/*
 * Writes the part to the room, if the request wants that of it, before it is told; `mail`: it is the input, and a message. 0 or -errno, for node_written: what is to
 * be said of it when it was told.
 */
int node_write(struct walk *walk, const struct node *parent, struct node *node, bool mail);
int node_written(struct walk *walk, const struct node *node, int error);
/* In place of the engine's look at a part: its route, and a code where only the engine could tell what is inside. */
int node_walked(struct walk *walk, const struct node *node, const struct detection *detection);
/*
 * Does the code say no more than that something is damaged, or is not what it seems? Of a reading that only some readers
 * have that is no news: a bounce that quotes the begin of an attachment would not be clean.
 */
bool node_damage(enum scan_code code);
/* Is it one of the two codes for encryption? */
bool node_encrypted(enum scan_code code);
/* Did somebody before die of this part? */
bool node_avoided(const struct walk *walk, const char *id);
/*
 * Were these bytes told before, or asked for here? From now on they are known. What cannot be remembered is not known.
 */
bool node_known(struct walk *walk, const uint8_t *data, size_t size);
/*
 * Is it nothing that has to be told: known already, and neither a container, a document or a program, nor something that the engine has a word
 * for? `mail`: a message counts as one that has to; `matters`: it has to be anyway, unless it is known.
 */
bool node_noise(struct walk *walk, const uint8_t *data, size_t size, const char *id, bool mail, bool matters);
/* The scan is to stop at the first threat, and one was found since there were `before`. */
bool node_threat(const struct walk *walk, unsigned before);

#endif
