/* libidn2: domain names in other scripts than Latin's (IDNA2008, UTS 46). */
#pragma once
#include <idn2.h>
