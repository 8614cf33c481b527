/*
 * report_path.c - sends what a sanitizer finds to files, so that a test run can fail for it.
 *
 * A worker's death ends as a verdict like any other, and standard error is read by few tests. Linked into everything that
 * is built with SANITIZE. The option log_path would act before main's own functions can be called (see fault.c); this
 * acts after. CSAPI_SANITIZER_REPORTS is the path to which the process id is added.
 */
#include <dlfcn.h>
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>
#include <string.h>

__attribute__((constructor)) static void set_report_path(void)
{
	const char *path = getenv("CSAPI_SANITIZER_REPORTS");
	if (!path || !*path)
		return;
	__sanitizer_set_report_path(path);
	/* With gcc, ASan and UBSan are two libraries: the call above reached the first of them only. */
	void *second = dlopen("libubsan.so.1", RTLD_LAZY | RTLD_NOLOAD);
	if (!second)
		return;
	void (*set)(const char *);
	void *found = dlsym(second, "__sanitizer_set_report_path");
	memcpy(&set, &found, sizeof set);
	if (set)
		set(path);
}
