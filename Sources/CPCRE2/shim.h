/* PCRE2 with 8-bit code units: captures on lines that Vectorscan named. The width is a macro, which Swift cannot see. */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
