/*
 * ask.c - which version a mirror has, by the first 512 bytes of the file; see attempt.h. Believes no version that does not stand there.
 */
#include "fetch/database/attempt.h"

#include "base/version.h"
#include "fetch/http.h"
#include "format/cvd_header.h"

#include <stdio.h>
#include <string.h>

struct head {
	uint8_t data[CVD_HEADER_SIZE];
	size_t size;
};

static int take_head(void *context, const void *data, size_t size)
{
	struct head *head = context;
	memcpy(head->data + head->size, data, size);
	head->size += size;
	return 0;
}

enum asked { ASKED_FOUND, ASKED_NOT_THERE, ASKED_FAILED };

static void set_agent(const struct fetch_job *job, char *ret_agent, size_t size)
{
	if (job->private && job->user_agent)
		(void)snprintf(ret_agent, size, "%s", job->user_agent);
	else
		(void)snprintf(ret_agent, size, "ClamAV/%s (csapi/%s)", mirror_version(), CSAPI_VERSION);
}

/* Reads the head of one file. What it is not there for is told only where `last` says that there is nothing else to ask for. */
static enum asked ask_file(struct database *database, uint32_t mirror, const char *kind, bool last,
			   struct offer *ret_offer)
{
	char url[FETCH_URL_MAX + 64], agent[256], file[64];
	struct head head = {.size = 0};
	struct http_answer answer;
	struct cvd_header header;
	const char *base = database->job->mirrors[mirror];
	size_t length = strlen(base);
	(void)snprintf(file, sizeof file, "%s.%s", database->name, kind);
	(void)snprintf(url, sizeof url, "%s%s%s", base, length && base[length - 1] == '/' ? "" : "/", file);
	set_agent(database->job, agent, sizeof agent);
	struct http_request request = {.url = url,
				       .user_agent = agent,
				       .first = CVD_HEADER_SIZE,
				       .most = CVD_HEADER_SIZE,
				       .body = take_head,
				       .context = &head};
	http_get(database->job, &request, &answer);
	database->result.got += answer.got;
	if (answer.end != HTTP_ANSWERED) {
		database_blame(database, mirror, UPDATE_UNREACHABLE, answer.status, 0, "%s", answer.text);
		return ASKED_FAILED;
	}
	bool good = answer.status == 200 || answer.status == 206;
	if (good && cvd_header_decode(head.data, head.size, &header) == 0) {
		*ret_offer = (struct offer){.version = header.version,
					    .total = answer.total,
					    .cld = strcmp(kind, "cld") == 0,
					    .asked = true};
		database->result.http = answer.status;
		return ASKED_FOUND;
	}
	if (!last && !answer.retry_at && answer.status != 403 && answer.status < 500)
		return ASKED_NOT_THERE;
	if (good)
		database_blame(database, mirror, UPDATE_REJECTED, answer.status, 0, "%s is not a database", file);
	else
		database_blame_status(database, mirror, answer.status, answer.retry_at, file);
	return ASKED_FAILED;
}

/* A private mirror may have what it made of patches itself, or the files as they were published; official ones have these only. */
bool database_ask(struct database *database, uint32_t mirror, struct offer *ret_offer)
{
	struct offer other;
	enum asked asked = ASKED_NOT_THERE;
	if (database->job->private)
		asked = ask_file(database, mirror, "cld", false, ret_offer);
	if (asked == ASKED_NOT_THERE)
		return ask_file(database, mirror, "cvd", true, ret_offer) == ASKED_FOUND;
	if (asked == ASKED_FAILED)
		return false;
	/* One of the two may have been left lying there. */
	if (ret_offer->version <= database->here && ask_file(database, mirror, "cvd", false, &other) == ASKED_FOUND &&
	    other.version > ret_offer->version)
		*ret_offer = other;
	return true;
}
