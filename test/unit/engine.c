/*
 * engine.c - test of the engine: what it loads, finds and says, and that nothing makes it say clean by silence.
 *
 * Prints TAP. Runs in the root of the source tree (share/definitions) and writes below a directory of its own in /tmp.
 * What takes something away from the process runs in a child.
 */
#include "scan/engine.h"

#include "base/buffer.h"
#include "sanitized.h"
#include "scan/engine/alert.h"
#include "scan/engine/library.h"
#include "scan/fault.h"
#include "tap.h"

#include <clamav.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define DEFINITIONS "share/definitions"
#define BODY        "csapi-marker-body-6f1d"

static char directory[] = "/tmp/csapi-engine-XXXXXX";
static char temporary[200]; /* for the engine's own files */
static struct engine *engine;
static struct limits limits;

/* --- results ----------------------------------------------------------------------------------------------------- */

static void tell(const struct engine_result *result)
{
	printf("# type %s, %u layers%s\n", result->type, result->layers, result->incomplete ? ", incomplete" : "");
	for (unsigned i = 0; i < result->virus_count; i++)
		printf("# virus %s%s\n", result->viruses[i].name, result->viruses[i].official ? " (official)" : "");
	for (unsigned i = 0; i < result->code_count; i++)
		printf("# code %s: %s\n", scan_code_name(result->codes[i].code), result->codes[i].text);
}

static void told(bool good, const struct engine_result *result, const char *what)
{
	ok(good, what);
	if (!good)
		tell(result);
}

static bool is_clean(const struct engine_result *result)
{
	return result->virus_count == 0 && result->code_count == 0 && !result->incomplete;
}

static const char *text_of(const struct engine_result *result, enum scan_code code)
{
	for (unsigned i = 0; i < result->code_count; i++)
		if (result->codes[i].code == code)
			return result->codes[i].text;
	return NULL;
}

static bool has_virus(const struct engine_result *result, const char *name)
{
	for (unsigned i = 0; i < result->virus_count; i++)
		if (strcmp(result->viruses[i].name, name) == 0)
			return true;
	return false;
}

static bool only_virus(const struct engine_result *result, const char *name)
{
	return result->virus_count == 1 && has_virus(result, name) && result->code_count == 0 && !result->incomplete;
}

static void begin(void)
{
	enum scan_code code;
	struct why why;
	if (engine_begin(engine, temporary, &limits, 1 << 20, &code, &why)) {
		printf("Bail out! %s\n", why.text);
		exit(2);
	}
}

static struct engine_result scan(const struct buffer *data)
{
	struct engine_result result;
	engine_scan(engine, data->data, data->size, NULL, &result);
	return result;
}

static struct engine_result scan_text(const char *text)
{
	struct engine_result result;
	engine_scan(engine, text, strlen(text), NULL, &result);
	return result;
}

/* --- things to scan ---------------------------------------------------------------------------------------------- */

static void add(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer_append(buffer, data, size))
		abort();
}

static void add_text(struct buffer *buffer, const char *text)
{
	add(buffer, text, strlen(text));
}

static void add_number(struct buffer *buffer, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(number >> (8 * i));
		add(buffer, &byte, 1);
	}
}

static struct buffer empty(void)
{
	struct buffer buffer;
	buffer_init(&buffer, (size_t)256 << 20);
	return buffer;
}

static struct buffer text_buffer(const char *text)
{
	struct buffer buffer = empty();
	add_text(&buffer, text);
	return buffer;
}

/* In pieces, so that no scanner takes this source for the test file. */
static struct buffer eicar(void)
{
	struct buffer buffer = text_buffer("X5O!P%@AP[4\\PZX54(P^)7CC)7}$");
	add_text(&buffer, "EICAR-STANDARD-ANTIVIRUS-");
	add_text(&buffer, "TEST-FILE!$H+H*");
	return buffer;
}

static struct buffer deflated(const struct buffer *data)
{
	struct buffer packed = empty();
	z_stream stream = {0};
	size_t room = compressBound(data->size) + 100;
	if (deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK || buffer_reserve(&packed, room))
		abort();
	stream.next_in = data->data;
	stream.avail_in = (uInt)data->size;
	stream.next_out = packed.data;
	stream.avail_out = (uInt)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	packed.size = stream.total_out;
	(void)deflateEnd(&stream);
	return packed;
}

/* The fields that the local and the central header have in common. */
static void zip_fields(struct buffer *zip, unsigned flags, unsigned method, const struct buffer *data,
		       const struct buffer *packed, const char *name)
{
	add_number(zip, 20, 2);
	add_number(zip, flags, 2);
	add_number(zip, method, 2);
	add_number(zip, 0x5a000000, 4);
	add_number(zip, crc32(0, data->data, (uInt)data->size), 4);
	add_number(zip, packed->size, 4);
	add_number(zip, data->size, 4);
	add_number(zip, strlen(name), 2);
	add_number(zip, 0, 2);
}

/* A zip archive of one member: method 0 stored, 8 deflated; any other is stored and only said to be packed so. */
static struct buffer zip_of(const char *name, const struct buffer *data, unsigned method, unsigned flags)
{
	struct buffer zip = empty();
	struct buffer packed = empty();
	if (method == 8)
		packed = deflated(data);
	else
		add(&packed, data->data, data->size);
	add_text(&zip, "PK\3\4");
	zip_fields(&zip, flags, method, data, &packed, name);
	add_text(&zip, name);
	add(&zip, packed.data, packed.size);
	size_t central = zip.size;
	add_text(&zip, "PK\1\2");
	add_number(&zip, 20, 2);
	zip_fields(&zip, flags, method, data, &packed, name);
	for (unsigned i = 0; i < 14; i++)
		add_number(&zip, 0, 1);
	add_text(&zip, name);
	size_t size = zip.size - central;
	add_text(&zip, "PK\5\6");
	add_number(&zip, 0, 4);
	add_number(&zip, 1, 2);
	add_number(&zip, 1, 2);
	add_number(&zip, size, 4);
	add_number(&zip, central, 4);
	add_number(&zip, 0, 2);
	buffer_free(&packed);
	return zip;
}

static void add_base64(struct buffer *buffer, const struct buffer *data)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < data->size; i += 3) {
		uint32_t three = 0;
		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (i + k < data->size ? data->data[i + k] : 0u);
		char four[4];
		for (unsigned k = 0; k < 4; k++)
			four[k] = i + k > data->size ? '=' : letters[three >> (18 - 6 * k) & 63];
		add(buffer, four, 4);
		if (i / 3 % 19 == 18)
			add_text(buffer, "\r\n");
	}
	add_text(buffer, "\r\n");
}

/* A message with one attachment. */
static struct buffer mail_of(const struct buffer *attachment)
{
	struct buffer mail =
		text_buffer("From: a@example.org\r\nTo: b@example.org\r\nSubject: test\r\n"
			    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"frontier\"\r\n\r\n"
			    "--frontier\r\nContent-Type: text/plain\r\n\r\nA text of some length  with\r\n"
			    "two lines in it, and no harm.\r\n--frontier\r\n"
			    "Content-Type: application/octet-stream; name=\"a.bin\"\r\n"
			    "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(&mail, attachment);
	add_text(&mail, "--frontier--\r\n");
	return mail;
}

/* A virus that is found only if the engine can make temporary files: deflated, in a zip, in a mail. */
static struct buffer infected_mail(size_t padding)
{
	struct buffer body = text_buffer("A file with a mark: " BODY "\n");
	for (size_t i = 0; i < padding; i++)
		add_number(&body, (i * 2654435761u) >> 7, 1);
	struct buffer zip = zip_of("mark.bin", &body, 8, 0);
	struct buffer mail = mail_of(&zip);
	buffer_free(&body);
	buffer_free(&zip);
	return mail;
}

/* --- children ---------------------------------------------------------------------------------------------------- */

/* True if the child says so by exit status 0, or died: its supervisor would hear that. */
static bool child(bool (*test)(unsigned), unsigned argument, int *ret_status)
{
	(void)fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		(void)dup2(null, 2);
		(void)close(null);
		/* A directory of its own, as each message has: names of temporary files repeat in forked processes. */
		(void)snprintf(temporary, sizeof temporary, "%s/%d", directory, (int)getpid());
		(void)mkdir(temporary, 0700);
		_exit(test(argument) ? 0 : 1);
	}
	int status = -1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (ret_status)
		*ret_status = status;
	return WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
}

static void in_child(bool (*test)(unsigned), unsigned argument, const char *what)
{
	int status = -1;
	ok(child(test, argument, &status) && WIFEXITED(status), what);
}

/* --- loading ----------------------------------------------------------------------------------------------------- */

static const char *below(const char *name)
{
	static char path[200];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void make_file(const char *folder, const char *name, const char *text)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *stream = fopen(path, "w");
	if (!stream || fputs(text, stream) == EOF || fclose(stream))
		abort();
}

static void remove_tree(const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	while (stream && (entry = readdir(stream))) {
		char inside[600];
		(void)snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlink(inside))
			remove_tree(inside);
	}
	if (stream)
		(void)closedir(stream);
	(void)rmdir(path);
}

/* Loads a set of one file; `wanted_why` must stand in the why text. */
static void load_one(const char *name, const char *text, enum scan_code wanted, const char *wanted_why,
		     const char *what)
{
	char set[200];
	(void)snprintf(set, sizeof set, "%s", below("set"));
	if (mkdir(set, 0700))
		abort();
	if (name)
		make_file(set, name, text);
	struct engine *loaded;
	struct facts facts;
	enum scan_code code = AVS_RESULT_VIRUS_FOUND;
	struct why why = {""};
	int error = engine_load(set, &loaded, &facts, &code, &why);
	bool good = code == wanted && (error < 0) == (wanted != SCAN_CODE_NONE) && (loaded != NULL) == !error &&
		    strstr(why.text, wanted_why);
	ok(good, what);
	if (!good)
		printf("# %d, %s: %s\n", error, code ? scan_code_name(code) : "none", why.text);
	facts_free(&facts);
	engine_free(loaded);
	remove_tree(set);
}

static void test_load_failures(void)
{
	const enum scan_code missing = AVS_RESULT_DEFINITIONS_MISSING;
	const enum scan_code failed = AVS_RESULT_ENGINE_LOAD_FAILED;
	load_one(NULL, NULL, missing, "no definition file", "an empty directory is no engine");
	load_one("README.md", "text", missing, "no definition file", "a directory of other files is none");
	load_one(".hidden.ndb", "Dot:0:*:6162636465\n", missing, "no definition file", "dot files do not count");
	load_one("only.fp", "44d88612fea8a8f36de82e1278abb02e:68:Nothing\n", missing, "no signature",
		 "a list of exceptions alone is no engine");
	load_one("good.ndb", "Good:0:*:6162636465\n", SCAN_CODE_NONE, "", "one good signature is enough");
	load_one("bad.ndb", "Bad:0:*:616263zz65\n", failed, "bad.ndb", "a broken signature names its file");
	load_one("bad.yar", "rule broken { condition: nonsense }\n", failed, "bad.yar",
		 "a broken YARA file is no success");
	load_one("good.yar", "rule good { strings: $a = \"abcdefgh\" condition: $a }\n", SCAN_CODE_NONE, "",
		 "a good YARA file is");
	load_one("empty.hdb", "", failed, "empty.hdb", "an empty file of signatures is broken");
	load_one("bad.cvd", "not a signed set\n", failed, "bad.cvd", "a signed set that is none names its file");
	load_one("greedy.ndb", "Greedy:0:*:77697468{-5}6f7574\n", failed, "Greedy",
		 "a set that finds a virus in a harmless text is refused");
}

static void test_load_directory(void)
{
	struct engine *loaded;
	struct facts facts;
	enum scan_code code;
	struct why why = {""};
	int error = engine_load(below("nowhere"), &loaded, &facts, &code, &why);
	ok(error == -ENOENT && code == GEN_RESULT_DEFINITION_DIR_UNSET && strstr(why.text, "nowhere") && !loaded,
	   "a directory that does not exist");
	facts_free(&facts);
}

/* As somebody whom permissions bind. */
static bool forbidden_directory(unsigned unused)
{
	(void)unused;
	char set[200];
	(void)snprintf(set, sizeof set, "%s", below("forbidden"));
	if (mkdir(set, 0755) || chmod(directory, 0755))
		return false;
	make_file(set, "good.ndb", "Good:0:*:6162636465\n");
	char file[220];
	(void)snprintf(file, sizeof file, "%s/good.ndb", set);
	if (chmod(file, 0) || (geteuid() == 0 && (chown(set, 65534, 65534) || setuid(65534))))
		return false;
	struct engine *loaded;
	struct facts facts;
	enum scan_code code;
	struct why why = {""};
	bool good = engine_load(set, &loaded, &facts, &code, &why) == -EACCES &&
		    code == AVS_RESULT_DEFINITIONS_MISSING && strstr(why.text, "good.ndb");
	good = good && chmod(set, 0) == 0 && engine_load(set, &loaded, &facts, &code, &why) == -EACCES &&
	       code == DEC_RESULT_DEF_DIR_ACCESS_FAILED;
	/* Or it could not be removed afterwards. */
	return chmod(set, 0700) == 0 && good;
}

static void test_load(void)
{
	struct facts facts;
	enum scan_code code;
	struct why why = {""};
	int error = engine_load(DEFINITIONS, &engine, &facts, &code, &why);
	if (error) {
		printf("Bail out! %s\n", why.text);
		exit(2);
	}
	char day[16];
	time_t built = (time_t)facts.definitions_built;
	struct tm broken;
	(void)strftime(day, sizeof day, "%Y%m%d", gmtime_r(&built, &broken));
	ok(code == SCAN_CODE_NONE && facts.definitions_signatures >= 10 && !facts.definitions_shipped &&
		   strcmp(facts.definitions_source, DEFINITIONS) == 0,
	   "the shipped set loads");
	ok(strncmp(facts.definitions_version, day, 8) == 0 && strcmp(facts.definitions_version + 8, ".000") == 0,
	   "its version is the day of its newest file, and no daily set");
	ok(strncmp(facts.engine_version, "ClamAV ", 7) == 0 && strcmp(facts.engine_version, engine_version()) == 0,
	   "the engine tells its version");
	facts_free(&facts);
}

/* --- the traps of silence ---------------------------------------------------------------------------------------- */

static void test_not_compiled(void)
{
	struct cl_engine *library = cl_engine_new();
	unsigned signatures = 0;
	struct engine_result result = {0};
	struct buffer file = eicar();
	bool loaded =
		library && cl_load(DEFINITIONS "/csapi-test.ndb", library, &signatures, CL_DB_STDOPT) == CL_SUCCESS;
	struct engine *raw = engine_wrap(library);
	if (raw)
		engine_scan(raw, file.data, file.size, NULL, &result);
	told(loaded && raw && text_of(&result, AVS_RESULT_SCANFILE_FAILURE) && result.incomplete, &result,
	     "an engine that is not compiled says so");
	engine_free(raw);
	buffer_free(&file);
}

static void test_directory_missing(void)
{
	enum scan_code code = SCAN_CODE_NONE;
	struct why why = {""};
	ok(engine_begin(engine, below("nowhere"), &limits, 100, &code, &why) == -ENOENT &&
		   code == DEC_RESULT_TEMP_DIR_ACCESS_FAILED && strstr(why.text, "temporary files"),
	   "the directory for temporary files is missing");
}

/* The directory goes away after the probe. With `blind` nobody watches it, and only the library's messages tell. */
static bool directory_vanishes(unsigned blind)
{
	begin();
	if (rmdir(temporary))
		return false;
	if (blind)
		fault_watch(NULL);
	struct buffer mail = infected_mail(0);
	struct engine_result result = scan(&mail);
	return result.incomplete && (blind ? text_of(&result, AVS_RESULT_SCANFILE_FAILURE)
					   : text_of(&result, DEC_RESULT_TEMPFILE_ACCESS_FAILED));
}

static void test_directory_vanishes(void)
{
	in_child(directory_vanishes, 0, "the directory for temporary files vanishes: the failed call tells");
	in_child(directory_vanishes, 1, "the directory for temporary files vanishes: the message alone tells, too");
}

static void fill(void)
{
	static const char block[4096];
	int fd = open(below("small/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof block) > 0)
		continue;
	(void)close(fd);
}

/* A file system of 64 KiB, full before the scan; with `inodes` it has room but no inode left. */
static bool full_directory(unsigned inodes)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mkdir(below("small"), 0700) ||
	    mount("tmpfs", below("small"), "tmpfs", 0, inodes ? "size=1m,nr_inodes=4" : "size=64k"))
		return false;
	(void)snprintf(temporary, sizeof temporary, "%s", below("small"));
	begin();
	if (!inodes)
		fill();
	struct buffer mail = infected_mail(0);
	struct engine_result result = scan(&mail);
	if (!text_of(&result, DEC_RESULT_TEMPFILE_ACCESS_FAILED) || !result.incomplete)
		return false;
	if (inodes)
		return true;
	enum scan_code code;
	struct why why;
	return engine_begin(engine, temporary, &limits, 100, &code, &why) == -ENOSPC &&
	       code == DEC_RESULT_TEMP_DIR_ACCESS_FAILED;
}

static void test_full_directory(void)
{
	if (geteuid() != 0) {
		skip("a full file system", "needs root");
		skip("a file system without inodes", "needs root");
		return;
	}
	in_child(full_directory, 0, "a full file system: told by the scan, and by the next probe");
	(void)rmdir(below("small"));
	in_child(full_directory, 1, "a file system without inodes: told");
	(void)rmdir(below("small"));
}

/* --- starving ---------------------------------------------------------------------------------------------------- */

static bool found_or_told(void)
{
	struct buffer mail = infected_mail(50000);
	struct engine_result result = scan(&mail);
	return has_virus(&result, "Csapi-Test-Body") || result.code_count > 0;
}

static bool few_descriptors(unsigned more)
{
	begin();
	int lowest = dup(0);
	(void)close(lowest);
	struct rlimit limit = {(rlim_t)(lowest + (int)more), (rlim_t)(lowest + (int)more)};
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 && found_or_told();
}

static bool small_files(unsigned size)
{
	begin();
	struct rlimit limit = {size, size};
	return setrlimit(RLIMIT_FSIZE, &limit) == 0 && found_or_told();
}

static rlim_t address_space(void)
{
	FILE *stream = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;
	if (!stream || fscanf(stream, "%lu", &pages) != 1)
		abort();
	(void)fclose(stream);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static struct buffer large;

/* Unlike the other two this one also wants the code to be right, if there is one. */
static bool little_memory(unsigned kilobytes)
{
	begin();
	rlim_t most = address_space() + (rlim_t)kilobytes * 1024;
	struct rlimit limit = {most, most};
	if (setrlimit(RLIMIT_AS, &limit))
		return false;
	struct engine_result result = scan(&large);
	if (result.code_count == 0)
		return has_virus(&result, "Csapi-Test-Body");
	/* The test looks for one run that ends here; see test_starving. */
	if (text_of(&result, DEC_RESULT_OUT_OF_MEMORY))
		_exit(3);
	return true;
}

static void test_starving(void)
{
	bool good = true;
	for (unsigned more = 0; more < 12; more++)
		good = child(few_descriptors, more, NULL) && good;
	ok(good, "few descriptors never make an infected message clean");
	good = true;
	for (unsigned size = 0; size < 140000; size = size * 3 / 2 + 40)
		good = child(small_files, size, NULL) && good;
	ok(good, "a limit on the size of files never makes an infected message clean");
	if (SANITIZED) {
		skip("little memory", "the sanitizer needs all of it");
		return;
	}
	bool told_so = false;
	large = infected_mail(3000000);
	good = true;
	for (unsigned kilobytes = 0; kilobytes < 40000; kilobytes = kilobytes * 3 / 2 + 100) {
		int status = -1;
		bool fine = child(little_memory, kilobytes, &status);
		bool out = WIFEXITED(status) && WEXITSTATUS(status) == 3;
		told_so = told_so || out;
		good = good && (fine || out);
	}
	buffer_free(&large);
	ok(good, "little memory never makes an infected message clean");
	ok(told_so, "and has a code of its own");
}

/* --- what is found ----------------------------------------------------------------------------------------------- */

static void test_clean(void)
{
	begin();
	struct engine_result result = scan_text("Nothing to see in this text.\n");
	told(is_clean(&result) && strncmp(result.type, "CL_TYPE_TEXT", 12) == 0 && result.layers >= 1, &result,
	     "a clean text");
	struct buffer nothing = empty();
	result = scan(&nothing);
	uint8_t digest[DIGEST_SIZE];
	told(is_clean(&result) && digest_bytes("", 0, digest) == 0 && engine_saw(engine, digest), &result,
	     "no bytes at all");
	result = scan_text("abcde");
	told(is_clean(&result) && digest_bytes("abcde", 5, digest) == 0 && engine_saw(engine, digest), &result,
	     "so few bytes that the library does not look");
}

static void test_viruses(void)
{
	begin();
	struct buffer file = eicar();
	struct engine_result result = scan(&file);
	told(only_virus(&result, "Eicar-Test-Signature") && !result.viruses[0].official, &result,
	     "EICAR, without the suffix of an unofficial signature");
	buffer_free(&file);

	struct buffer mail = infected_mail(0);
	result = scan(&mail);
	told(only_virus(&result, "Csapi-Test-Body") && strcmp(result.type, "CL_TYPE_MAIL") == 0, &result,
	     "a virus in a zip in a mail");
	buffer_free(&mail);

	result = scan_text("csapi-marker-second-6f1d " BODY " csapi-marker-text-6f1d csapi-marker-first-6f1d\n");
	told(result.virus_count == 3 && strcmp(result.viruses[0].name, "Csapi-Test-Body") == 0 &&
		     strcmp(result.viruses[1].name, "Csapi-Test-Logical") == 0 &&
		     strcmp(result.viruses[2].name, "Csapi-Test-Text") == 0,
	     &result, "several viruses: all of them, sorted, each once");

	struct buffer body = text_buffer("a text with csapi-marker-inzip-6f1d in it\n");
	struct buffer zip = zip_of("csapi-marker-member-6f1d.bin", &body, 0, 0);
	result = scan(&body);
	bool alone = is_clean(&result);
	result = scan(&zip);
	told(alone && result.virus_count == 2 && has_virus(&result, "Csapi-Test-In-Zip") &&
		     has_virus(&result, "Csapi-Test-Member"),
	     &result, "signatures that know the container");
	buffer_free(&body);
	buffer_free(&zip);
}

static void test_names(void)
{
	static const char *const own = "Heuristics.Limits.Exceeded.MaxFiles.UNOFFICIAL";
	struct engine_result result = {0};
	alert_name(&result, own);
	told(result.virus_count == 1 && result.code_count == 0 && !result.viruses[0].official, &result,
	     "somebody's own signature with the name of a limit is a virus");
	result = (struct engine_result){0};
	alert_name(&result, "Heuristics.Limits.Exceeded.Other");
	alert_name(&result, "Heuristics.Phishing.Email.SpoofedDomain");
	told(result.virus_count == 2 && result.code_count == 0, &result, "so is a name that the library has not");
	result = (struct engine_result){0};
	for (unsigned i = 0; i < 3 * ENGINE_VIRUSES_MAX; i++) {
		char name[400];
		(void)snprintf(name, sizeof name, "%03u\n%0300u", (i * 37) % 100, 0u);
		alert_name(&result, name);
	}
	bool sorted = result.virus_count == ENGINE_VIRUSES_MAX;
	for (unsigned i = 0; i + 1 < result.virus_count; i++)
		sorted = sorted && strcmp(result.viruses[i].name, result.viruses[i + 1].name) < 0;
	ok(sorted && strchr(result.viruses[0].name, '?') && strlen(result.viruses[0].name) == 255,
	   "many, long and strange names are cut, cleaned and sorted");
}

static void test_limits(void)
{
	struct buffer nested = text_buffer("the innermost file: " BODY "\n");
	for (unsigned i = 0; i < 60; i++) {
		struct buffer zip = zip_of("inner.zip", &nested, 8, 0);
		buffer_free(&nested);
		nested = zip;
	}
	uint8_t digest[DIGEST_SIZE];
	begin();
	struct engine_result result = scan(&nested);
	const char *text = text_of(&result, DEC_RESULT_MAXIMUM_DEPTH_REACHED);
	told(text && strcmp(text, "Heuristics.Limits.Exceeded.MaxRecursion") == 0 && result.virus_count == 0, &result,
	     "too deep for the library: told, with its word for it");
	ok(result.incomplete && digest_bytes(nested.data, nested.size, digest) == 0 && !engine_saw(engine, digest),
	   "nothing of such a scan counts as seen");
	struct limits deep = limits;
	deep.value[LIMIT_max_extract_depth] = 50;
	enum scan_code code;
	struct why why;
	bool begun = engine_begin(engine, temporary, &deep, nested.size, &code, &why) == 0;
	result = scan(&nested);
	told(begun && only_virus(&result, "Csapi-Test-Body"), &result, "a larger limit of ours raises the library's");
	buffer_free(&nested);
}

static void test_size_limits(void)
{
	struct buffer body = empty();
	for (unsigned i = 0; i < 6000000; i++)
		add_number(&body, i % 7, 1);
	struct buffer zip = zip_of("zeros.bin", &body, 8, 0);
	struct limits small = limits;
	small.value[LIMIT_max_extract_size] = 1000;
	enum scan_code code;
	struct why why;
	bool begun = engine_begin(engine, temporary, &small, zip.size, &code, &why) == 0;
	struct engine_result result = scan(&zip);
	uint8_t digest[DIGEST_SIZE];
	told(begun && text_of(&result, DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED) && result.incomplete &&
		     digest_bytes(body.data, body.size, digest) == 0 && !engine_saw(engine, digest),
	     &result, "a member too large for the library: told, and not seen");
	buffer_free(&body);
	buffer_free(&zip);
}

static void test_encrypted(void)
{
	begin();
	struct buffer body = text_buffer("these bytes stand for encrypted ones, so they are not to be read\n");
	struct buffer zip = zip_of("secret.txt", &body, 0, 1);
	struct engine_result result = scan(&zip);
	const char *text = text_of(&result, DEC_RESULT_ENCRYPTED_CONTAINER_DETECTED);
	const char *member = text_of(&result, DEC_RESULT_ENCRYPTED_CONTAINER_CHILD_DETECTED);
	told(text && strcmp(text, "Heuristics.Encrypted.Zip") == 0 && result.virus_count == 0, &result,
	     "an encrypted zip is told, and no virus");
	told(member && strcmp(member, "CL_TYPE_ZIP: secret.txt") == 0 && !result.incomplete, &result,
	     "and so is its member, by name");
	buffer_free(&zip);
	buffer_free(&body);
}

static void test_damaged(void)
{
	/* An xz stream cut after its first block header: the library says so by a message only, and "clean". */
	static const uint8_t xz[] = {0xfd, '7', 'z',  'X', 'Z', 0, 0,    4,    0xe6, 0xd6, 0xb4, 0x46, 2,    0,
				     0x21, 1,   0x16, 0,   0,   0, 0x74, 0x2f, 0xe5, 0xa3, 1,    0,    0x10, 'a'};
	struct engine_result result;
	begin();
	engine_scan(engine, xz, sizeof xz, NULL, &result);
	told(text_of(&result, DEC_RESULT_MALFORMED_CONTAINER_DETECTED) && result.virus_count == 0, &result,
	     "an error-level message about the data is a damaged container");
	ok(alert_error_code("cli_writen: write error: No space left on device\n") == AVS_RESULT_SCANFILE_FAILURE &&
		   alert_error_code("something new\n") == AVS_RESULT_SCANFILE_FAILURE,
	   "any other error-level message is a failed scan");
	ok(alert_warning_code("cli_max_malloc(): File or section is too large to scan (9 bytes).\n") ==
			   DEC_RESULT_MAXIMUM_EXTRACT_SIZE_EXCEEDED &&
		   alert_warning_code("something else\n") == SCAN_CODE_NONE,
	   "a warning counts where it says that something was passed over");
}

/* --- what was seen ----------------------------------------------------------------------------------------------- */

static bool saw(const struct buffer *data)
{
	uint8_t digest[DIGEST_SIZE];
	return digest_bytes(data->data, data->size, digest) == 0 && engine_saw(engine, digest);
}

static bool saw_text(const char *text)
{
	uint8_t digest[DIGEST_SIZE];
	return digest_text(text, strlen(text), digest) == 0 && engine_saw_text(engine, digest);
}

static void test_seen(void)
{
	struct buffer body = text_buffer("the content of a member, which is neither found nor strange\n");
	struct buffer readable = zip_of("member.txt", &body, 8, 0);
	struct buffer unreadable = zip_of("member.txt", &body, 14, 0);
	struct buffer mail = mail_of(&readable);
	begin();
	struct engine_result result = scan(&unreadable);
	told(is_clean(&result) && saw(&unreadable) && !saw(&body), &result,
	     "the member of an LZMA zip is not seen, which the library does not say");
	result = scan(&mail);
	told(is_clean(&result) && saw(&mail) && saw(&readable) && saw(&body), &result,
	     "the member of a zip in a mail is seen, and the zip, and the mail");
	ok(saw_text("A text of some length with two lines in it,  and no harm.\n") && !saw_text("Another text.\n"),
	   "the text of a mail is seen, whatever its white space");
	begin();
	ok(!saw(&mail) && !saw(&body) && !saw_text("A text of some length with two lines in it, and no harm."),
	   "the next message begins with nothing seen");
	buffer_free(&body);
	buffer_free(&readable);
	buffer_free(&unreadable);
	buffer_free(&mail);
}

/* The same layer twice: no cache may swallow the second, or what lies in it. */
static void test_no_cache(void)
{
	struct buffer body = text_buffer("a member that occurs in two messages, one after the other\n");
	struct buffer zip = zip_of("member.txt", &body, 8, 0);
	begin();
	(void)scan(&zip);
	begin();
	struct engine_result result = scan(&zip);
	told(is_clean(&result) && saw(&body), &result, "what was clean before is reported again");
	buffer_free(&body);
	buffer_free(&zip);
}

static void test_leftovers(void)
{
	unsigned left = 0;
	DIR *stream = opendir(temporary);
	struct dirent *entry;
	while (stream && (entry = readdir(stream)))
		left += entry->d_name[0] != '.';
	if (stream)
		(void)closedir(stream);
	ok(stream && left == 0, "no temporary file is left");
}

int main(void)
{
	if (!mkdtemp(directory)) {
		perror(directory);
		return 2;
	}
	(void)snprintf(temporary, sizeof temporary, "%s/tmp", directory);
	if (mkdir(temporary, 0700))
		return 2;
	limits_defaults(&limits);
	test_load_directory();
	test_load_failures();
	in_child(forbidden_directory, 0, "files and directories of definitions that are forbidden");
	test_load();
	test_clean();
	test_viruses();
	test_names();
	test_limits();
	test_size_limits();
	test_encrypted();
	test_damaged();
	test_seen();
	test_no_cache();
	test_leftovers();
	test_not_compiled();
	test_directory_missing();
	test_directory_vanishes();
	test_full_directory();
	test_starving();
	engine_free(engine);
	remove_tree(directory);
	return tap_end();
}
