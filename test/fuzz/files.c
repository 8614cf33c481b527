/*
 * files.c - what is read from files that people and servers write: the configuration, expectations, passwords, the head of a database,
 * what a server says. The first byte chooses.
 */
#include "fuzz.h"
#include "mutator.h"

#include "fetch/trace.h"
#include "format/config.h"
#include "format/cvd_header.h"
#include "format/expectation.h"
#include "format/password_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static void try_file(uint8_t kind, const char *path)
{
	struct why why = {""}, warning = {""};
	struct config config;
	struct expectations expectations;
	struct password_list passwords;
	memset(&passwords, 0, sizeof passwords);
	switch (kind % 3) {
	case 0:
		if (config_read(path, &config, &warning, &why) == 0)
			config_free(&config);
		else
			PROMISE(*why.text);
		break;
	case 1:
		if (expectations_read(path, &expectations, &why) == 0)
			expectations_free(&expectations);
		else
			PROMISE(*why.text);
		break;
	default:
		if (password_file_read(path, &passwords, &why) != 0)
			PROMISE(*why.text);
		PROMISE(passwords.size <= sizeof passwords.text);
	}
}

static char folder[] = "/dev/shm/csapi-fuzz-XXXXXX", path[64];

static void clear(void)
{
	(void)unlink(path);
	(void)rmdir(folder);
}

/* A file with a name of its own: some readers ask where theirs lies. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof path, "%s/file", folder);
	return atexit(clear);
}

static bool write_file(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool done = fd >= 0 && write(fd, data, size) == (ssize_t)size;
	(void)close(fd);
	return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cvd_header header;
	struct trace trace;
	if (!size)
		return 0;
	(void)cvd_header_decode(data + 1, size - 1, &header);
	trace_init(&trace);
	trace_feed(&trace, (const char *)data + 1, size - 1);
	PROMISE(memchr(trace.target, 0, sizeof trace.target));
	if (write_file(data + 1, size - 1))
		try_file(data[0], path);
	return 0;
}

FUZZ_MUTATOR(mutate_lines)
