#pragma once
#include <jansson.h>

// `text` is a C array, which Swift sees as a tuple of 160 values.
static inline const char *soundgate_json_error_text(const json_error_t *error) { return error->text; }

// `json_error_code` names both an enum and a function.
static inline int soundgate_json_is_overflow(const json_error_t *error) {
    return json_error_code(error) == json_error_numeric_overflow;
}

// `json_typeof` is a macro.
static inline json_type soundgate_json_type(const json_t *value) { return json_typeof(value); }
