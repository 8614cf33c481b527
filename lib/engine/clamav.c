#include "engine/backend.h"
const struct backend_kind backend_clamav;
