/* libyaml: settings, rules and templates; its nodes carry line and column. */
#pragma once
#include <yaml.h>
