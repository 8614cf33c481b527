/*
 * reply.c - SMTP replies for verdicts; see reply.h. Refuses to let through what would end the line or is no ASCII: the name of a virus, and of a part, come
 * from elsewhere.
 */
#include "verdict/reply.h"

#include <stdio.h>

#define REFUSED 550

static void set(struct reply *reply, unsigned code, const char *enhanced, const char *what, const char *info)
{
	reply->code = code;
	reply->enhanced = enhanced;
	int length =
		snprintf(reply->text, sizeof reply->text, "%s%s%s", what, info && *info ? ": " : "", info ? info : "");
	(void)length; /* what is too long is cut */
	for (char *at = reply->text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

/* What one engine proposes. False: nothing. */
static bool propose(const struct engine_settings *engine, enum ec_av_status status, const char *info,
		    struct reply *ret_reply)
{
	unsigned code = (unsigned)engine->error_code;
	if (engine->action != ENGINE_REJECT || status == EC_AV_CLEAN)
		return false;
	if (status == EC_AV_INFECTED)
		set(ret_reply, REFUSED, "5.7.1", "Virus detected", info);
	else if (status == EC_AV_UNSCANNABLE)
		set(ret_reply, REFUSED, "5.7.1", "Message cannot be scanned", info);
	else
		set(ret_reply, code, code < 500 ? "4.3.0" : "5.3.0",
		    status == EC_AV_ERROR ? "AV system offline" : "Message was not scanned", NULL);
	return true;
}

/* Refusals of the message go before trouble of ours; among equals the first counts. */
static int weight(enum ec_av_status status)
{
	return status == EC_AV_INFECTED ? 3 : status == EC_AV_UNSCANNABLE ? 2 : 1;
}

bool reply_of(const struct verdict *verdict, struct reply *ret_reply)
{
	int best = 0;
	bool given = false;
	for (unsigned i = 0; i < verdict->answer_count; i++) {
		const struct answer *answer = &verdict->answers[i];
		struct reply reply;
		if (answer->state != ANSWER_GIVEN)
			continue;
		given = true;
		if (weight(answer->report.status) > best &&
		    propose(answer->engine, answer->report.status, answer->report.info, &reply)) {
			best = weight(answer->report.status);
			*ret_reply = reply;
		}
	}
	/* It reached no engine, though it should have. */
	for (unsigned i = 0; !given && !verdict->unasked && !best && i < verdict->answer_count; i++)
		best = propose(verdict->answers[i].engine, verdict->status, verdict->info, ret_reply);
	return best > 0;
}
