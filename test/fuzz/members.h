/*
 * members.h - the visitor of the targets that open containers: members stay below the limits, every name and text ends.
 */
#ifndef CSAPI_TEST_FUZZ_MEMBERS_H
#define CSAPI_TEST_FUZZ_MEMBERS_H

#include "fuzz.h"

#include "scan/archive.h"

#include <string.h>

/* A target whose inputs make much of little wants less. */
#ifndef MEMBERS_BYTES_MOST
#define MEMBERS_BYTES_MOST (8u << 20)
#endif
#define MEMBERS_MOST 200u
/* What a reader may say of one container, where the target counts. */
#define MEMBERS_CODES_MOST 10u

static inline int members_member(void *context, const struct archive_member *member)
{
	(void)context;
	PROMISE(member->size <= MEMBERS_BYTES_MOST && member->code_count <= ARCHIVE_MEMBER_CODES_MAX);
	PROMISE(member->data && member->name && strlen(member->name) == member->name_size);
	(void)fuzz_touch(member->data, member->size);
	(void)fuzz_touch(member->name, member->name_size);
	return 0;
}

static inline int members_code(void *context, enum scan_code code, const char *text)
{
	unsigned *codes = context;
	PROMISE(code != SCAN_CODE_NONE && text && (!codes || ++*codes < MEMBERS_CODES_MOST));
	return 0;
}

static inline int members_evasion(void *context, enum evasion evasion, const char *text)
{
	(void)context;
	PROMISE(evasion != EVASION_NONE && text && *text);
	return 0;
}

static inline int members_next(void *context, const char *name)
{
	(void)context;
	(void)fuzz_touch(name, strlen(name));
	return 0;
}

/* Walks the container. `codes`: where they are counted; NULL: they may be many. `visitor` may have more functions already. */
static inline void members_walk(enum detect_format format, const uint8_t *data, size_t size,
				struct archive_visitor visitor, unsigned *codes)
{
	struct limits limits;
	struct budget budget;
	limits_defaults(&limits);
	budget_init(&budget, &limits);
	budget.most_size = budget.most_cumulative = MEMBERS_BYTES_MOST;
	budget.most_files = MEMBERS_MOST;
	visitor.member = members_member;
	visitor.code = members_code;
	visitor.evasion = members_evasion;
	visitor.next = members_next;
	visitor.context = codes;
	(void)archive_walk(format, data, size, &budget, &visitor);
	PROMISE(budget.usage.cumulative <= MEMBERS_BYTES_MOST);
}

#endif
