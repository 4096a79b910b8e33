/* Vectorscan (the maintained Hyperscan): all rules at once, over whole blocks. */
#pragma once
#include <hs.h>
