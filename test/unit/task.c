/*
 * task.c - what becomes of a message when workers die on it: tried again, then around what killed, and nothing found is lost.
 */
#include "process/task.h"
#include "tap.h"

#include "base/clock.h"
#include "format/event_json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct task *new_task(uint64_t timeout)
{
	struct request request;
	request_init(&request);
	request.limits.value[LIMIT_timeout] = timeout;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct task *task = task_new(1, NULL, &request, fd);
	if (!task)
		abort();
	return task;
}

/* Takes over the text of an event. True: it was the last one. */
static bool hear(struct task *task, char *take_text)
{
	bool done = false;
	struct why why = {""};
	if (!take_text || task_event(task, take_text, strlen(take_text), &done, &why)) {
		printf("# %s: %s\n", take_text ? take_text : "no memory", why.text);
		abort();
	}
	free(take_text);
	return done;
}

static void hear_part(struct task *task, uint32_t number, const char *id, enum part_route route)
{
	const struct part part = {
		.number = number, .parent = number ? 0 : REPORT_NO_PART, .route = route, .id = (char *)(uintptr_t)id};
	hear(task, event_json_part(&part));
}

/* A worker that comes as far as the second part. */
static void work(struct task *task, enum scan_stage stage)
{
	task_begin(task);
	hear(task, event_json_stage(STAGE_READ, 0));
	hear_part(task, 0, "0", ROUTE_WHOLE);
	hear(task, event_json_stage(STAGE_WHOLE, 0));
	hear(task, event_json_stage(STAGE_MIME, 0));
	hear_part(task, 1, "2/a.zip", ROUTE_FED);
	hear(task, event_json_stage(stage, stage == STAGE_EXTRACT || stage == STAGE_SCAN ? 1 : 0));
}

static void finish(struct task *task)
{
	task_begin(task);
	hear_part(task, 0, "0", ROUTE_WHOLE);
	hear_part(task, 1, "2/a.zip", ROUTE_FED);
	if (!hear(task, event_json_stage(STAGE_DONE, 0)))
		abort();
}

/* Settles, compares, frees. */
static void ends(struct task *task, enum ec_av_status status, enum scan_code code, unsigned attempts, const char *what)
{
	const struct facts facts = {.engine_version = "E"};
	task_settle(task, &facts);
	const struct report *report = &task->report;
	bool good = report->status == status && report->code == code && report->attempts == attempts &&
		    report->facts.engine_version &&
		    report->limits.value[LIMIT_timeout] == task->request.limits.value[LIMIT_timeout];
	ok(good, what);
	if (!good)
		printf("# %s %s \"%s\" after %u\n", ec_av_status_name(report->status),
		       report->code ? scan_code_name(report->code) : "-", report->info, report->attempts);
	task_free(task);
}

static void test_plain(void)
{
	struct task *task = new_task(10);
	finish(task);
	ends(task, EC_AV_CLEAN, SCAN_CODE_NONE, 1, "a worker that does its work");
	task = new_task(10);
	task_fail(task, AVS_RESULT_DEFINITIONS_MISSING, "none");
	ends(task, EC_AV_ERROR, AVS_RESULT_DEFINITIONS_MISSING, 0, "no worker at all");
	task_free(NULL);
}

static void test_transient(void)
{
	static const struct {
		enum task_death death;
		int number;
		const char *what;
	} deaths[] = {{TASK_DEATH_KILLED, SIGKILL, "killed once"},
		      {TASK_DEATH_FAULT, SIGSEGV, "crashed once"},
		      {TASK_DEATH_LEFT, 0, "left once"}};
	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
		struct task *task = new_task(10);
		work(task, STAGE_SCAN);
		bool again = task_died(task, deaths[i].death, deaths[i].number);
		okf(again && task->request.avoid_count == 0 && !task->request.avoid_whole && task->carried_count == 0,
		    "%s: the same is tried again", deaths[i].what);
		finish(task);
		ends(task, EC_AV_CLEAN, SCAN_CODE_NONE, 2, "and what the second says is the verdict");
	}
}

/* Kills come from outside, so they say nothing against the message, and bad luck may come twice. */
static void test_killed(void)
{
	struct task *task = new_task(10);
	unsigned plain = 0;
	work(task, STAGE_SCAN);
	while (task_died(task, TASK_DEATH_KILLED, SIGKILL) && task->request.avoid_count == 0) {
		plain++;
		work(task, STAGE_SCAN);
	}
	ok(plain == 2 && task->request.avoid_count == 1, "killed twice: tried again; killed three times: around it");
	task_free(task);

	task = new_task(10);
	task_begin(task);
	bool first = task_died(task, TASK_DEATH_SILENT, 0);
	ok(first && task->report.attempts == 0, "a worker that did not take it does not count");
	finish(task);
	ends(task, EC_AV_CLEAN, SCAN_CODE_NONE, 1, "and leaves no trace");

	task = new_task(10);
	work(task, STAGE_SCAN);
	ok(task_died(task, TASK_DEATH_FAULT, SIGSYS) && task->request.avoid_count == 1,
	   "a forbidden system call: around it at once");
	finish(task);
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_ENGINE_EXCEPTION, 2, "and the verdict says why");
}

static void test_second(enum scan_stage stage)
{
	struct task *task = new_task(10);
	work(task, stage);
	(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	work(task, stage);
	bool again = task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	okf(again && task->request.avoid_count == 1 && strcmp(task->request.avoid[0], "2/a.zip") == 0 &&
		    !task->request.avoid_whole,
	    "%s: two deaths at a part: the third worker leaves it alone", scan_stage_word(stage));
	finish(task);
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_ENGINE_EXCEPTION, 3, "and the verdict says why");
}

static void test_whole(void)
{
	struct task *task = new_task(10);
	for (int i = 0; i < 2; i++) {
		task_begin(task);
		hear_part(task, 0, "0", ROUTE_WHOLE);
		hear(task, event_json_stage(STAGE_WHOLE, 0));
		(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	}
	ok(task->request.avoid_whole && task->request.avoid_count == 0, "two deaths at the whole: it is left out");
	work(task, STAGE_SCAN);
	ok(task_died(task, TASK_DEATH_FAULT, SIGSEGV) && task->request.avoid_count == 1,
	   "a death at a part after that: left alone at once");
	task_begin(task);
	hear_part(task, 0, "0", ROUTE_UNSEEN);
	hear_part(task, 1, "2/a.zip", ROUTE_UNSEEN);
	hear(task, event_json_stage(STAGE_DONE, 0));
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_ENGINE_EXCEPTION, 4, "the worse of both codes");
}

static void test_nothing_to_avoid(void)
{
	static const enum scan_stage stages[] = {STAGE_READ, STAGE_MIME};
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		struct task *task = new_task(10);
		work(task, stages[i]);
		bool first = task_died(task, TASK_DEATH_LEFT, 1);
		work(task, stages[i]);
		okf(first && !task_died(task, TASK_DEATH_LEFT, 1), "%s: nothing that could be left alone",
		    scan_stage_word(stages[i]));
		ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, 2, "an error after two tries");
	}
	struct task *task = new_task(10);
	unsigned tries = 0;
	do {
		work(task, STAGE_SCAN);
		tries++;
	} while (tries < 100 && task_died(task, TASK_DEATH_FAULT, SIGBUS));
	okf(tries == REQUEST_AVOID_MAX + 2, "a message on which all workers die: %u tries", tries);
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_ENGINE_EXCEPTION, tries, "and an end");
}

static void test_virus_kept(void)
{
	struct task *task = new_task(10);
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(1, "Eicar", true));
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	finish(task);
	task_settle(task, &(const struct facts){0});
	ok(task->report.status == EC_AV_INFECTED && strcmp(task->report.info, "Eicar") == 0 &&
		   task->report.viruses[0].part == 1 && task->report.viruses[0].official,
	   "a virus found before a death is kept, with its part");
	task_free(task);
	task = new_task(10);
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(1, "Eicar", false));
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	task_begin(task);
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	ends(task, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, 2, "also when nothing comes after it");
	task = new_task(10);
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(0, "Eicar", false));
	(void)task_died(task, TASK_DEATH_DEADLINE, 0);
	ends(task, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, 1, "also when the time ran out");
	task = new_task(10);
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(1, "Eicar", false));
	(void)task_died(task, TASK_DEATH_BROKEN, 0);
	finish(task);
	ends(task, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, 2, "also of a worker that then talked nonsense");
	/* More of them than are carried: the message is infected all the same. */
	task = new_task(10);
	work(task, STAGE_SCAN);
	for (unsigned i = 0; i < 2 * TASK_CARRIED_MAX; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "V%03u", i);
		hear(task, event_json_virus(1, name, false));
	}
	(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	work(task, STAGE_SCAN);
	(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	ok(task->carried_count == TASK_CARRIED_MAX, "more viruses than are carried");
	finish(task);
	ends(task, EC_AV_INFECTED, AVS_RESULT_VIRUS_FOUND, 3, "are carried as far as there is room");
}

/* Evasions outlive a worker as well, but never take the room of what decides. */
static void test_evasions_kept(void)
{
	struct task *task = new_task(10);
	work(task, STAGE_SCAN);
	hear(task, event_json_evasion(1, EVASION_HiddenPart, "seen"));
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	ok(task->carried_count == 1 && task->carried[0].code == SCAN_CODE_NONE, "an evasion is carried");
	finish(task);
	const struct report *report = &task->report;
	task_settle(task, &(struct facts){0});
	ok(report->evasion_count == 1 && report->evasions[0].evasion == EVASION_HiddenPart &&
		   report->evasions[0].part == 1 && strcmp(report->evasions[0].text, "seen") == 0,
	   "and told of the same part");
	task_free(task);
	task = new_task(10);
	work(task, STAGE_SCAN);
	for (int i = 1; i <= EVASION_COUNT; i++) {
		hear(task, event_json_evasion(0, (enum evasion)i, "x"));
		hear(task, event_json_evasion(1, (enum evasion)i, "x"));
	}
	(void)task_died(task, TASK_DEATH_BROKEN, 0);
	ok(task->carried_count == TASK_CARRIED_MAX / 2 && task->carried[0].code != SCAN_CODE_NONE,
	   "many leave half of the room, and come behind the code of the death");
	task_free(task);
}

/* The next worker has other definitions: what those before it found is not theirs. */
static void test_other_definitions(void)
{
	struct task *task = new_task(10);
	task_adopt(task, 1);
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(1, "Eicar", true));
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	task_adopt(task, 1);
	ok(task->carried_count == 1, "a virus is kept for a worker with the same definitions");
	task_adopt(task, 2);
	finish(task);
	ends(task, EC_AV_CLEAN, SCAN_CODE_NONE, 2, "and not for one with others, who sees for itself");

	task = new_task(10);
	task_adopt(task, 1);
	for (int i = 0; i < 2; i++) {
		work(task, STAGE_SCAN);
		(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	}
	ok(task->request.avoid_count == 1 && task->carried_count == 1, "two deaths at a part: it is left alone");
	task_adopt(task, 2);
	ok(task->request.avoid_count == 0 && task->carried_count == 0, "but not by other definitions");
	work(task, STAGE_SCAN);
	hear(task, event_json_virus(1, "Eicar", false));
	(void)task_died(task, TASK_DEATH_FAULT, SIGSEGV);
	task_adopt(task, 0);
	task_fail(task, AVS_RESULT_ENGINE_LOAD_FAILED, "nothing came after them");
	ends(task, EC_AV_ERROR, AVS_RESULT_ENGINE_LOAD_FAILED, 3,
	     "when there are none any more, nothing is said in their name");
}

/* Codes of workers that died must be known at the end, though the room for viruses be full. */
static void test_full_room(void)
{
	struct task *task = new_task(10);
	work(task, STAGE_EXTRACT);
	(void)task_died(task, TASK_DEATH_BROKEN, 0);
	ok(task->carried_count == 1 && task->request.avoid_count == 1, "nonsense is not tried again");
	for (int i = 0; i < 3; i++) {
		work(task, STAGE_SCAN);
		(void)task_died(task, TASK_DEATH_BROKEN, 0);
	}
	finish(task);
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, 5, "nonsense four times, then an honest worker");
}

static void test_deadlines(void)
{
	struct task *task = new_task(10);
	ok(task_deadline(task) == CLOCK_NEVER, "no deadline before the first worker");
	int64_t before = clock_now();
	work(task, STAGE_MIME);
	int64_t deadline = task_deadline(task);
	ok(deadline >= before + 10000 && deadline <= clock_now() + 10000 && task_expired(task) == TASK_DEATH_DEADLINE,
	   "the timeout runs from then on");
	(void)task_died(task, TASK_DEATH_KILLED, SIGKILL);
	work(task, STAGE_MIME);
	ok(task_deadline(task) == deadline, "a second worker has what is left of it");
	ok(!task_died(task, TASK_DEATH_DEADLINE, 0), "when it has passed nobody tries again");
	ends(task, EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, 2, "and the verdict says so");
	task = new_task(10);
	work(task, STAGE_SCAN);
	task->deadline = clock_now() - 1;
	ok(!task_died(task, TASK_DEATH_FAULT, SIGSEGV), "a death behind the deadline is the last");
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_ENGINE_EXCEPTION, 1, "with its own code");
}

static void test_extract_time(void)
{
	struct task *task = new_task(10);
	task->request.limits.value[LIMIT_max_extract_time] = 2;
	work(task, STAGE_MIME);
	int64_t before = clock_now();
	hear(task, event_json_stage(STAGE_EXTRACT, 1));
	int64_t deadline = task_deadline(task);
	ok(deadline >= before + 2000 && deadline <= clock_now() + 2000 && task_expired(task) == TASK_DEATH_EXTRACT,
	   "the time for one archive");
	(void)usleep(20000);
	hear(task, event_json_stage(STAGE_SCAN, 1));
	hear(task, event_json_stage(STAGE_EXTRACT, 1));
	ok(task_deadline(task) == deadline, "goes on while a member is scanned");
	hear_part(task, 2, "3/b.zip", ROUTE_FED);
	hear(task, event_json_stage(STAGE_EXTRACT, 2));
	ok(task_deadline(task) == deadline && task->extract_part == 1,
	   "and for an archive inside, in the outer one's name");
	hear(task, event_json_stage(STAGE_MIME, 0));
	ok(task_expired(task) == TASK_DEATH_DEADLINE && task->extract_longest >= 20, "and ends with it");
	hear(task, event_json_stage(STAGE_EXTRACT, 2));
	hear(task, event_json_stage(STAGE_SCAN, 2));
	ok(task_died(task, TASK_DEATH_EXTRACT, 0) && task->request.avoid_count == 1 &&
		   strcmp(task->request.avoid[0], "3/b.zip") == 0,
	   "out of time: that archive is left alone at once");
	finish(task);
	ends(task, EC_AV_UNSCANNABLE, DEC_RESULT_MAXIMUM_EXTRACT_TIME_EXCEEDED, 2, "and the verdict says so");
	task = new_task(10);
	task->request.limits.value[LIMIT_max_extract_time] = 0;
	work(task, STAGE_EXTRACT);
	ok(task_expired(task) == TASK_DEATH_DEADLINE, "0: no limit but that of the message");
	task_free(task);
}

static void test_memory(void)
{
	struct task *task = new_task(10);
	work(task, STAGE_EXTRACT);
	hear(task, event_json_code(1, DEC_RESULT_OUT_OF_MEMORY, NULL));
	ok(task_died(task, TASK_DEATH_FAULT, SIGABRT) && task->request.avoid_count == 1,
	   "out of memory: not tried the same way again");
	finish(task);
	ends(task, EC_AV_ERROR, DEC_RESULT_OUT_OF_MEMORY, 2, "and told as what it was");
	task = new_task(10);
	work(task, STAGE_EXTRACT);
	hear(task, event_json_code(1, DEC_RESULT_OUT_OF_MEMORY, NULL));
	(void)task_died(task, TASK_DEATH_DEADLINE, 0);
	ends(task, EC_AV_ERROR, DEC_RESULT_OUT_OF_MEMORY, 1, "also when it then ran out of time");
}

static void test_hostile(void)
{
	static const char *const said[] = {
		"", "{}", "{\"event\":\"stage\",\"part\":7,\"stage\":\"done\"}",
		"{\"event\":\"refuse\",\"part\":0,\"status\":\"EC_AV_CLEAN\",\"info\":\"\"}"};
	struct task *task = new_task(10);
	task_begin(task);
	struct why why;
	bool done = true, good = true;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		good = good && task_event(task, said[i], strlen(said[i]), &done, &why) == -EBADMSG && !done;
	ok(good, "what no honest worker says is refused");
	bool again = task_died(task, TASK_DEATH_BROKEN, 0);
	ok(!again, "and ends the message where nothing can be left alone");
	ends(task, EC_AV_ERROR, DEC_RESULT_SCAN_FILE_DECOMPOSE_ERROR, 1, "with an error");
}

static void test_descriptor(void)
{
	struct task *task = new_task(10);
	int fd = task->message;
	ok(fcntl(fd, F_GETFD) >= 0, "a task owns its message");
	task_free(task);
	ok(fcntl(fd, F_GETFD) < 0 && errno == EBADF, "and closes it");
}

int main(void)
{
	test_plain();
	test_transient();
	test_killed();
	test_second(STAGE_SCAN);
	test_second(STAGE_EXTRACT);
	test_whole();
	test_nothing_to_avoid();
	test_virus_kept();
	test_evasions_kept();
	test_other_definitions();
	test_full_room();
	test_deadlines();
	test_extract_time();
	test_memory();
	test_hostile();
	test_descriptor();
	return tap_end();
}
