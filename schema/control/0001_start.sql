-- The appliance's own data: who may sign in, which organizations exist, where a provider's webhook belongs.
CREATE TABLE account (
    id              BLOB    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL UNIQUE,           -- trimmed, lower case
    name            TEXT    NOT NULL DEFAULT '',
    password_hash   TEXT    NOT NULL,                  -- argon2id, PHC string
    staff_role      TEXT    NOT NULL DEFAULT '' CHECK (staff_role IN ('', 'sb_admin', 'sb_operator')),
    language        TEXT    NOT NULL DEFAULT 'en' CHECK (language IN ('de', 'en')),
    theme           TEXT    NOT NULL DEFAULT 'auto' CHECK (theme IN ('auto', 'light', 'dark')),
    time_zone       TEXT    NOT NULL DEFAULT 'Europe/Zurich',
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE organization (
    id              BLOB    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    created_at_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE membership (
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    organization_id BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    role            TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (account_id, organization_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id                     BLOB    NOT NULL PRIMARY KEY,
    account_id             BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    organization_id        BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    family_hash            BLOB    NOT NULL UNIQUE,    -- BLAKE3 of what all its refresh tokens have in common
    refresh_hash           BLOB    NOT NULL UNIQUE,    -- BLAKE3 of the refresh token in force
    previous_refresh_hash  BLOB,                       -- the one before: two tabs may show it at once
    rotated_at_ms          INTEGER NOT NULL,
    created_at_ms          INTEGER NOT NULL,
    expires_at_ms          INTEGER NOT NULL,
    revoked_at_ms          INTEGER
) STRICT;
CREATE INDEX session_account ON session (account_id);

CREATE TABLE sign_in_link (
    token_hash      BLOB    NOT NULL PRIMARY KEY,
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE connection (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    REFERENCES organization (id) ON DELETE CASCADE,   -- NULL: shared, belongs to the appliance
    provider        TEXT    NOT NULL CHECK (provider IN ('instantly')),
    name            TEXT    NOT NULL,
    secret_hash     BLOB    NOT NULL UNIQUE,           -- BLAKE3 of the webhook secret
    created_at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX connection_organization ON connection (organization_id);

-- Which organization a shared connection's campaign belongs to.
CREATE TABLE webhook_route (
    connection_id        BLOB    NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    provider_campaign_id TEXT    NOT NULL,
    organization_id      BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    created_at_ms        INTEGER NOT NULL,
    PRIMARY KEY (connection_id, provider_campaign_id)
) STRICT, WITHOUT ROWID;

-- Webhooks of a shared connection that no route claims: kept whole, so that they can be assigned and replayed.
CREATE TABLE unrouted_event (
    id                   BLOB    NOT NULL PRIMARY KEY,
    connection_id        BLOB    NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    content_key          BLOB    NOT NULL,
    event_type           TEXT    NOT NULL,
    provider_campaign_id TEXT    NOT NULL DEFAULT '',
    payload              BLOB    NOT NULL,
    received_at_ms       INTEGER NOT NULL,
    UNIQUE (connection_id, content_key)
) STRICT;
