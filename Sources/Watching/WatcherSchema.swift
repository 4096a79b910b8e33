// The shape of the watcher's database. Everything that a hit changes stands here, and changes in one transaction:
// checkpoints, incidents, letters.
//
// The legal states of a letter in the outbox:
//   waiting       handed_over is null, letter is there    committed with the incident and the checkpoint behind it
//   handed over   handed_over is set, letter is null      committed after the file in incoming/ is durable
// A crash between the two hands the same file over again, under the same name and with the same bytes.

import Database

enum WatcherSchema {
    static let schema = Schema([
        """
        CREATE TABLE checkpoints (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE incidents (
            id INTEGER PRIMARY KEY,
            in_book INTEGER NOT NULL,
            fingerprint TEXT NOT NULL, rule TEXT NOT NULL, severity INTEGER NOT NULL, state TEXT NOT NULL,
            host TEXT NOT NULL, title TEXT NOT NULL, hits INTEGER NOT NULL, told INTEGER NOT NULL,
            first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, opened INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            detail TEXT NOT NULL
        );
        CREATE INDEX incidents_in_book ON incidents (in_book);
        CREATE INDEX incidents_changed ON incidents (changed);
        CREATE TABLE outbox (
            id TEXT PRIMARY KEY,
            created INTEGER NOT NULL,
            subject TEXT NOT NULL,
            letter BLOB,
            handed_over INTEGER
        ) WITHOUT ROWID;
        CREATE INDEX outbox_waiting ON outbox (created) WHERE handed_over IS NULL;
        CREATE TABLE reports (
            time INTEGER NOT NULL,
            incident INTEGER NOT NULL,
            kind TEXT NOT NULL,
            new_hits INTEGER NOT NULL,
            letter TEXT
        );
        CREATE INDEX reports_incident ON reports (incident);
        CREATE INDEX reports_time ON reports (time);
        CREATE TABLE book (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL);
        """,
        // Lines that were read and are not yet in a record: they change with the checkpoints behind them.
        """
        CREATE TABLE held (source TEXT PRIMARY KEY, lines BLOB NOT NULL) WITHOUT ROWID;
        """,
        // Why a report could not be made a letter of; null where it could.
        "ALTER TABLE reports ADD COLUMN fault TEXT",
        // Whether the detail holds log lines, which go long before the rest.
        """
        ALTER TABLE incidents ADD COLUMN has_samples INTEGER NOT NULL DEFAULT 1;
        CREATE INDEX incidents_sampled ON incidents (changed) WHERE in_book = 0 AND has_samples = 1;
        CREATE INDEX incidents_over ON incidents (changed) WHERE in_book = 0;
        CREATE INDEX outbox_handed_over ON outbox (handed_over) WHERE handed_over IS NOT NULL;
        """,
    ])
}
