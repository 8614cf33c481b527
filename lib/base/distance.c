/*
 * distance.c - letters changed, left out, added or swapped between two words; see distance.h.
 */
#include "base/distance.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static int smallest(int a, int b, int c)
{
	int least = a < b ? a : b;
	return least < c ? least : c;
}

int distance_of(const char *word, const char *candidate)
{
	size_t rows = strnlen(word, DISTANCE_MAX), columns = strnlen(candidate, DISTANCE_MAX);
	int cost[DISTANCE_MAX + 1][DISTANCE_MAX + 1];
	for (size_t i = 0; i <= rows; i++)
		cost[i][0] = (int)i;
	for (size_t k = 0; k <= columns; k++)
		cost[0][k] = (int)k;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t k = 1; k <= columns; k++) {
			int differs = tolower((unsigned char)word[i - 1]) != tolower((unsigned char)candidate[k - 1]);
			cost[i][k] = smallest(cost[i - 1][k] + 1, cost[i][k - 1] + 1, cost[i - 1][k - 1] + differs);
			bool swapped =
				i > 1 && k > 1 && word[i - 1] == candidate[k - 2] && word[i - 2] == candidate[k - 1];
			if (swapped && cost[i - 2][k - 2] + 1 < cost[i][k])
				cost[i][k] = cost[i - 2][k - 2] + 1;
		}
	}
	/* A third of the letters may be wrong: more, and the suggestion surprises rather than helps. */
	int allowed = (int)rows / 3 > 1 ? (int)rows / 3 : 1;
	return cost[rows][columns] <= allowed ? cost[rows][columns] : -1;
}

void distance_try(struct distance_nearest *nearest, const char *word, const char *candidate)
{
	int distance = distance_of(word, candidate);
	if (distance >= 0 && distance < nearest->distance)
		*nearest = (struct distance_nearest){candidate, distance};
}
