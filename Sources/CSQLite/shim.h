/* SQLite: all durable state. SQLITE_TRANSIENT is a cast macro, which Swift does not import. */
#pragma once
#include <sqlite3.h>

static inline int herald_sqlite3_bind_blob_copy(sqlite3_stmt *s, int i, const void *bytes, int count) {
    return sqlite3_bind_blob(s, i, count ? bytes : "", count, SQLITE_TRANSIENT);
}
static inline int herald_sqlite3_bind_text_copy(sqlite3_stmt *s, int i, const char *bytes, int count) {
    return sqlite3_bind_text(s, i, bytes, count, SQLITE_TRANSIENT);
}
/* sqlite3_db_config(3) is variadic. Refuses tricks of a damaged or planted schema. */
static inline int herald_sqlite3_set_defensive(sqlite3 *db) {
    int rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    if (rc != SQLITE_OK) return rc;
    return sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
}
