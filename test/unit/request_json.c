/*
 * request_json.c - requests arrive as they were made; what is wrong with one is told by the right scan code.
 */
#include "format/request_json.h"
#include "mutate.h"
#include "tap.h"

#include <errno.h>

static int decode(const char *text, struct request *ret_request, enum scan_code *ret_code)
{
	struct why why = {""};
	int error = request_json_decode(text, strlen(text), ret_request, ret_code, &why);
	return error && (!*why.text || strchr(why.text, '\n')) ? 1 : error;
}

static void test_round_trip(void)
{
	struct request request, got;
	enum scan_code code;
	request_init(&request);
	(void)snprintf(request.part, sizeof request.part, "2/\x01\"\xE2\x82\xAC");
	request.wire = request.first_threat = request.avoid_whole = true;
	request.avoid_count = REQUEST_AVOID_MAX;
	for (unsigned i = 0; i < REQUEST_AVOID_MAX; i++)
		(void)snprintf(request.avoid[i], sizeof request.avoid[i], "%u/x", i);
	request.limits.value[LIMIT_timeout] = 3;
	request.limits.set[LIMIT_timeout] = true;
	char *text = request_json_encode(&request, false);
	ok(text && decode(text, &got, &code) == 0 && memcmp(&got, &request, sizeof got) == 0, "there and back");
	free(text);
	text = request_json_encode(&request, true);
	bool all = text && decode(text, &got, &code) == 0;
	for (int i = 0; i < LIMIT_COUNT; i++)
		all = all && got.limits.set[i] && got.limits.value[i] == request.limits.value[i];
	ok(all, "with all limits");
	free(text);
	request_init(&request);
	text = request_json_encode(&request, false);
	ok(text && decode(text, &got, &code) == 0 && memcmp(&got, &request, sizeof got) == 0, "nothing asked for");
	free(text);
	memset(request.part, '1', REQUEST_PART_MAX);
	memset(request.avoid[0], 0x01, REQUEST_PART_MAX);
	request.avoid_count = 1;
	text = request_json_encode(&request, false);
	ok(text && decode(text, &got, &code) == 0 && memcmp(&got, &request, sizeof got) == 0, "the longest ids");
	free(text);
}

#define REQUEST(part, limits, avoid)                                                                                   \
	"{\"part\":" part ",\"wire\":false,\"first_threat\":false,\"limits\":" limits                                  \
	",\"avoid_whole\":false,\"avoid\":" avoid "}"

static const struct {
	const char *text;
	enum scan_code code;
} hostile[] = {
	{"", GEN_RESULT_PARAMETER_INVALID},
	{"[]", GEN_RESULT_PARAMETER_INVALID},
	{"{}", GEN_RESULT_PARAMETER_INVALID},
	{"{\"wire\":false}", GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "[]") "x", GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null,\"part\":null", "{}", "[]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "{}"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "[1]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "[null]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "[\"1\",\"2\",\"3\",\"4\",\"5\"]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{}", "[\"\\u0000\"]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("7", "{}", "[]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("\"\"", "{}", "[]"), DEC_RESULT_PARAMETER_INVALID},
	{REQUEST("\"x\"", "{}", "[]"), DEC_RESULT_PARAMETER_INVALID},
	{REQUEST("\"1/\"", "{}", "[]"), DEC_RESULT_PARAMETER_INVALID},
	{REQUEST("\"1..2\"", "{}", "[]"), DEC_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "null", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "[]", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"max_everything\":1}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":0}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":86401}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":-1}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":1.0}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":\"1\"}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":null}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"max_extract_depth\":51}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"max_cumulative_extract_size\":4294967295}", "[]"), DEC_RESULT_POLICY_INVALID},
	{REQUEST("null", "{\"timeout\":1,\"timeout\":2}", "[]"), GEN_RESULT_PARAMETER_INVALID},
	{REQUEST("null", "{\"timeout\":99999999999999999999}", "[]"), GEN_RESULT_PARAMETER_INVALID},
};

static void test_hostile(void)
{
	struct request request;
	enum scan_code code;
	ok(decode(REQUEST("null", "{}", "[]"), &request, &code) == 0, "the least that is a request");
	ok(decode(REQUEST("\"1\"", "{\"max_cumulative_extract_size\":4294967294}", "[]"), &request, &code) == 0,
	   "the most that the scanner itself may say");
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		code = SCAN_CODE_NONE;
		okf(decode(hostile[i].text, &request, &code) == -EBADMSG && code == hostile[i].code, "%zu: %s", i,
		    hostile[i].text);
	}
	/* An id that is too long is told as such as long as it may be a name at all. */
	static char text[3 * 4 * REQUEST_PART_MAX], id[5 * REQUEST_PART_MAX];
	memset(id, '1', sizeof id);
	static const struct {
		int size;
		enum scan_code code;
	} sizes[] = {{REQUEST_PART_MAX + 1, DEC_RESULT_PARAMETER_INVALID},
		     {4 * REQUEST_PART_MAX, DEC_RESULT_PARAMETER_INVALID},
		     {4 * REQUEST_PART_MAX + 1, GEN_RESULT_PARAMETER_INVALID}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		(void)snprintf(text, sizeof text, REQUEST("\"%.*s\"", "{}", "[]"), sizes[i].size, id);
		okf(decode(text, &request, &code) == -EBADMSG && code == sizes[i].code, "an id of %d bytes",
		    sizes[i].size);
	}
}

static void test_mutants(void)
{
	struct mutator mutator = {.seed = 2};
	const char *text = REQUEST("\"1.2/a.zip\"", "{\"timeout\":5,\"max_extract_depth\":3}", "[\"1\",\"2/x\"]");
	unsigned refused = 0, bad = 0;
	const unsigned rounds = 20000;
	for (unsigned n = 0; n < rounds; n++) {
		struct request request;
		enum scan_code code;
		size_t size;
		char *mutant = mutate(&mutator, text, strlen(text), &size);
		int error = request_json_decode(mutant, size, &request, &code, NULL);
		refused += error == -EBADMSG;
		bad += error != 0 && (error != -EBADMSG || code == SCAN_CODE_NONE);
		/* What is taken is in range. */
		bad += error == 0 &&
		       (request.limits.value[LIMIT_timeout] - 1 >= 86400 || request.avoid_count > REQUEST_AVOID_MAX ||
			(*request.part && !request_part_valid(request.part)));
		free(mutant);
	}
	okf(bad == 0 && refused > rounds / 2 && refused < rounds, "%u mutants", rounds);
}

int main(void)
{
	test_round_trip();
	test_hostile();
	test_mutants();
	return tap_end();
}
