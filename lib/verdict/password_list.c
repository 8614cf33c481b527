/*
 * password_list.c - passwords to try; see password_list.h. They stand one behind the other, each with its NUL.
 */
#include "verdict/password_list.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

bool password_valid(const char *password)
{
	size_t size = strlen(password);
	return size && size <= PASSWORD_MOST && utf8_valid(password);
}

const char *password_list_next(const struct password_list *list, const char *password)
{
	const char *next = password ? password + strlen(password) + 1 : list->text;
	return next < list->text + list->size ? next : NULL;
}

int password_list_add(struct password_list *list, const char *password)
{
	size_t size = strlen(password) + 1;
	for (const char *at = NULL; (at = password_list_next(list, at)) != NULL;)
		if (strcmp(at, password) == 0)
			return 0;
	if (size > sizeof list->text - list->size)
		return -E2BIG;
	memcpy(list->text + list->size, password, size);
	list->size += size;
	return 0;
}

void password_list_join(struct password_list *list, const struct password_list *other)
{
	for (const char *at = NULL; (at = password_list_next(other, at)) != NULL;)
		(void)password_list_add(list, at);
}
