// The shape of the queue's database. Times are microseconds since 1970.

import Database

enum QueueSchema {
    static let schema = Schema([first, second, third, fourth, fifth, sentCopies, kept, handedOn])

    /// `letters.sha256` is of the whole letter file, envelope and all: the identity of what was taken in. A letter that
    /// is long done keeps its row with id and SHA-256 alone (`forgotten`), so that its id is never taken twice.
    /// `deliveries.rank` is 2 × priority + (1 after the first attempt): the order in which they are served.
    private static let first = """
        CREATE TABLE letters(
            id TEXT PRIMARY KEY NOT NULL, sha256 BLOB NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0,
            origin TEXT, alias TEXT, sender TEXT, notify TEXT, envelope_id TEXT, priority INTEGER, created INTEGER,
            subject TEXT, message_id TEXT, size INTEGER, taken_in INTEGER NOT NULL
        );
        CREATE TABLE messages(letter TEXT PRIMARY KEY NOT NULL REFERENCES letters(id), bytes BLOB NOT NULL);
        CREATE TABLE deliveries(
            number INTEGER PRIMARY KEY, letter TEXT NOT NULL REFERENCES letters(id), recipient TEXT NOT NULL,
            state INTEGER NOT NULL, alias TEXT, rank INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
            next_attempt INTEGER, account TEXT, last_attempt INTEGER, last_reply TEXT,
            uncertain INTEGER NOT NULL DEFAULT 0, stalled_since INTEGER, stalled INTEGER NOT NULL DEFAULT 0,
            changed INTEGER NOT NULL, UNIQUE(letter, recipient)
        );
        CREATE INDEX deliveries_due ON deliveries(state, rank, next_attempt);
        CREATE INDEX deliveries_next ON deliveries(state, next_attempt);
        CREATE TABLE accounts(
            name TEXT PRIMARY KEY NOT NULL, fault TEXT, failures INTEGER NOT NULL DEFAULT 0, probe_at INTEGER,
            next_message INTEGER, last_reply TEXT, last_reply_at INTEGER
        );
        """

    /// `accounts.fault_stamp`: with which settings it failed. `clock.seen`: when the mailer was last at work.
    private static let second = """
        ALTER TABLE accounts ADD COLUMN needs_person INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE accounts ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE accounts ADD COLUMN fault_stamp TEXT;
        CREATE TABLE clock(number INTEGER PRIMARY KEY CHECK(number = 1), seen INTEGER NOT NULL);
        """

    /// What is due is known from QueueIndex, and no index here has to follow each step. The clocks of time that does not
    /// count go by alias (`Stalls`): `deliveries.stall_base` is what its alias's showed when it was taken in.
    /// `deliveries.due`: since when it had been due when it was claimed. `deliveries.began`: when a person let it go anew,
    /// in place of the letter's `taken_in`.
    private static let third = """
        DROP INDEX deliveries_due;
        DROP INDEX deliveries_next;
        CREATE TABLE stalls(alias TEXT PRIMARY KEY NOT NULL, total INTEGER NOT NULL DEFAULT 0, since INTEGER);
        INSERT INTO stalls(alias, since) SELECT COALESCE('=' || alias, ''), min(stalled_since) FROM deliveries
            WHERE stalled_since IS NOT NULL GROUP BY alias;
        UPDATE deliveries SET stalled = -stalled;
        ALTER TABLE deliveries RENAME COLUMN stalled TO stall_base;
        ALTER TABLE deliveries DROP COLUMN stalled_since;
        ALTER TABLE deliveries ADD COLUMN due INTEGER;
        ALTER TABLE deliveries ADD COLUMN began INTEGER;
        ALTER TABLE clock ADD COLUMN down INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX deliveries_anew ON deliveries(number) WHERE began IS NOT NULL;
        CREATE INDEX deliveries_troubles ON deliveries(changed) WHERE state = 6 OR (state = 0 AND next_attempt IS NULL);
        """

    /// `redirects`: what goes to other addresses than a letter's recipients (`recipients`, a JSON list), as it is sent.
    /// `partly`: some of them have it; these are the ones that do not. `letters.warned`: that it waits was told.
    private static let fourth = """
        CREATE TABLE redirects(
            number INTEGER PRIMARY KEY, recipients TEXT NOT NULL, bytes BLOB NOT NULL, partly INTEGER NOT NULL DEFAULT 0
        );
        ALTER TABLE deliveries ADD COLUMN redirect INTEGER;
        CREATE INDEX deliveries_redirect ON deliveries(redirect) WHERE redirect IS NOT NULL;
        ALTER TABLE letters ADD COLUMN warned INTEGER NOT NULL DEFAULT 0;
        """

    /// `lanes`: destinations of `server: direct` that could not be reached. `hosts`: what HostBook knows, by name and port.
    /// `policies`: MTA-STS; `hosts` there are patterns with blanks between them, `maximum_age` is in seconds.
    private static let fifth = """
        CREATE TABLE lanes(
            account TEXT NOT NULL, destination TEXT NOT NULL, failures INTEGER NOT NULL, open_until INTEGER, words TEXT,
            PRIMARY KEY(account, destination)
        );
        CREATE TABLE hosts(name TEXT PRIMARY KEY NOT NULL, plain_until INTEGER, one_by_one_until INTEGER);
        CREATE TABLE policies(
            domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, mode TEXT NOT NULL, hosts TEXT NOT NULL,
            maximum_age INTEGER NOT NULL, fetched INTEGER NOT NULL
        );
        """

    /// A copy for the folder of what was sent: one for each letter, whatever the number of its recipients. `state` is
    /// SentCopyState's; the row stays until the letter is forgotten, so that there is no second one.
    private static let sentCopies = """
        CREATE TABLE sent_copies(
            letter TEXT PRIMARY KEY NOT NULL REFERENCES letters(id), alias TEXT NOT NULL, state INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0, next_attempt INTEGER NOT NULL, since INTEGER NOT NULL, words TEXT
        );
        CREATE INDEX sent_copies_due ON sent_copies(state, next_attempt);
        """

    /// Ids are remembered for ever: what is still to be forgotten is found without a look at those.
    private static let kept = "CREATE INDEX letters_kept ON letters(taken_in) WHERE forgotten = 0;"

    /// `refused_by`: a JSON list of the accounts that have refused it for their own sake.
    private static let handedOn = """
        ALTER TABLE deliveries ADD COLUMN refused_by TEXT;
        CREATE INDEX deliveries_handed_on ON deliveries(number) WHERE refused_by IS NOT NULL;
        """
}
