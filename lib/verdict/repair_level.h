/*
 * repair_level.h - how much a repair takes along with what is to be removed.
 *
 * Apart from repair.h, which needs the report, so that a request can hold it.
 */
#ifndef CSAPI_VERDICT_REPAIR_LEVEL_H
#define CSAPI_VERDICT_REPAIR_LEVEL_H

enum repair_level {
	REPAIR_LEVEL_NONE, /* no repair is asked for */
#define REPAIR_LEVEL(name, word, text) REPAIR_LEVEL_##name,
#include "verdict/repair.def"
#undef REPAIR_LEVEL
	REPAIR_LEVEL_COUNT
};

#endif
