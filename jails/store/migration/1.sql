-- Every ban ever made, until the purge. Times are microseconds since 1970 UTC.
CREATE TABLE bans (
	id       INTEGER PRIMARY KEY,
	jail     TEXT    NOT NULL,
	family   TEXT    NOT NULL, -- inet4, inet6, or '' for an opaque id
	subject  TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	until    INTEGER,          -- NULL: permanent
	lifted   INTEGER,          -- when somebody unbanned it; NULL: nobody did
	failures INTEGER NOT NULL,
	data     TEXT    NOT NULL, -- JSON: {"lines": […], "fields": {…}}
	UNIQUE (jail, family, subject, at)
);
CREATE INDEX bans_subject ON bans (family, subject);
CREATE INDEX bans_until ON bans (until) WHERE until IS NOT NULL;
CREATE INDEX bans_lifted ON bans (lifted) WHERE lifted IS NOT NULL;

-- The last ban of each subject in each jail, unless it was lifted.
CREATE TABLE latest (
	jail    TEXT    NOT NULL,
	family  TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	ban     INTEGER NOT NULL REFERENCES bans (id) ON DELETE CASCADE,
	PRIMARY KEY (jail, family, subject)
) WITHOUT ROWID;
CREATE INDEX latest_ban ON latest (ban);

-- How far each source has been read.
CREATE TABLE marks (
	source TEXT PRIMARY KEY,
	value  TEXT NOT NULL
) WITHOUT ROWID;
