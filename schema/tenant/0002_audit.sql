-- Who did what in this organization. Each row holds the hash of the row before it.
CREATE TABLE audit (
    sequence        INTEGER PRIMARY KEY,
    id              BLOB    NOT NULL UNIQUE,
    at_ms           INTEGER NOT NULL,
    actor           TEXT    NOT NULL,                  -- 'account:<id>', 'api_key:<id>', 'command_line', 'system', 'anonymous'
    actor_name      TEXT    NOT NULL,                  -- as it was then
    address         TEXT    NOT NULL DEFAULT '',
    action          TEXT    NOT NULL,
    entity_kind     TEXT    NOT NULL,
    entity_id       TEXT    NOT NULL DEFAULT '',
    entity_name     TEXT    NOT NULL DEFAULT '',
    before          TEXT    NOT NULL DEFAULT '{}',     -- JSON of what changed, as it was
    after           TEXT    NOT NULL DEFAULT '{}',     -- JSON of what changed, as it became
    hash            BLOB    NOT NULL
) STRICT;
CREATE INDEX audit_action ON audit (action, sequence);
CREATE INDEX audit_actor ON audit (actor, sequence);
CREATE INDEX audit_entity ON audit (entity_id, sequence);

-- The last row's hash under the appliance's master key: rows cut off the end, or a chain made anew, do not fit it.
CREATE TABLE audit_head (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    sequence        INTEGER NOT NULL,
    hash            BLOB    NOT NULL,
    seal            BLOB    NOT NULL
) STRICT;
