/* libsystemd, the journal's own reader. Nothing but the journal is used: sd_notify(3) is spoken by Platform in Swift,
   so that the other daemons do without this library. */
#pragma once
#include <systemd/sd-journal.h>
#include <systemd/sd-id128.h>
