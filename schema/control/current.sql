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
    updated_at_ms   INTEGER NOT NULL,
    is_disabled INTEGER NOT NULL DEFAULT 0,
    last_sign_in_at_ms INTEGER NOT NULL DEFAULT 0,  -- 0: never
    shortcuts TEXT NOT NULL DEFAULT '{}',  -- JSON: command to key; '' switches one off
    avatar_at_ms INTEGER NOT NULL DEFAULT 0,  -- 0: none; else when it was uploaded
    totp_secret BLOB,  -- sealed; NULL: not begun
    totp_confirmed_at_ms INTEGER,  -- NULL: not in force
    totp_last_step INTEGER NOT NULL DEFAULT 0  -- the last code's step: none is taken twice
) STRICT;

CREATE TABLE organization (
    id                        BLOB    NOT NULL PRIMARY KEY,
    name                      TEXT    NOT NULL COLLATE NOCASE,
    is_second_factor_required INTEGER NOT NULL DEFAULT 0,
    delete_after_ms           INTEGER,                 -- NULL: not being deleted
    -- What the lists of the administrators show without opening every organization; measured while it is open.
    figures                   TEXT    NOT NULL DEFAULT '{}',
    figures_at_ms             INTEGER NOT NULL DEFAULT 0,   -- 0: never measured
    created_at_ms             INTEGER NOT NULL
) STRICT;
CREATE INDEX organization_name ON organization (name);

CREATE TABLE membership (
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    organization_id BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    role            TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'custom')),
    role_id         BLOB    REFERENCES role (id),      -- of a custom role
    created_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (account_id, organization_id),
    CHECK ((role = 'custom') = (role_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_organization ON membership (organization_id);

CREATE TABLE session (
    id                     BLOB    NOT NULL PRIMARY KEY,
    account_id             BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    organization_id        BLOB    REFERENCES organization (id) ON DELETE SET NULL,   -- NULL: in none
    family_hash            BLOB    NOT NULL UNIQUE,    -- BLAKE3 of what all its refresh tokens have in common
    refresh_hash           BLOB    NOT NULL UNIQUE,    -- BLAKE3 of the refresh token in force
    previous_refresh_hash  BLOB,                       -- the one before: two tabs may show it at once
    address                TEXT    NOT NULL DEFAULT '',   -- where it was last used from
    user_agent             TEXT    NOT NULL DEFAULT '',
    rotated_at_ms          INTEGER NOT NULL,
    last_used_at_ms        INTEGER NOT NULL,           -- to the minute
    created_at_ms          INTEGER NOT NULL,
    expires_at_ms          INTEGER NOT NULL,           -- without use
    ends_at_ms             INTEGER NOT NULL,           -- with any use
    revoked_at_ms          INTEGER
) STRICT;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_organization ON session (organization_id);

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

CREATE TABLE avatar (
    account_id      BLOB    NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    image           BLOB    NOT NULL                   -- PNG, made by us from what was uploaded
) STRICT;

CREATE TABLE recovery_code (
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    code_hash       BLOB    NOT NULL,
    PRIMARY KEY (account_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkey (
    id              BLOB    NOT NULL PRIMARY KEY,
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    credential_id   BLOB    NOT NULL UNIQUE,
    credential      TEXT    NOT NULL,                  -- JSON: public key and counter
    name            TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX passkey_account ON passkey (account_id);

-- An identity at another service that signs the account in.
CREATE TABLE identity (
    id              BLOB    NOT NULL PRIMARY KEY,
    account_id      BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    provider        TEXT    NOT NULL,
    subject         TEXT    NOT NULL,                  -- the provider's own id of the person
    name            TEXT    NOT NULL DEFAULT '',       -- what the provider calls them
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, subject)
) STRICT;
CREATE INDEX identity_account ON identity (account_id);

-- Secrets that are good for one use: links sent by mail, the step between two factors, ceremonies.
CREATE TABLE one_time_token (
    token_hash      BLOB    NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL,
    account_id      BLOB    REFERENCES account (id) ON DELETE CASCADE,
    payload         TEXT    NOT NULL DEFAULT '{}',     -- JSON, by kind
    attempts        INTEGER NOT NULL DEFAULT 0,
    created_at_ms   INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_token_account ON one_time_token (account_id, kind);
CREATE INDEX one_time_token_expires ON one_time_token (expires_at_ms);

-- Mail of the appliance itself. 'held': no server is configured, an administrator passes it on.
CREATE TABLE mail (
    id              BLOB    NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    body            BLOB    NOT NULL,                  -- sealed: it holds a link that signs someone in
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'held')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    run_at_ms       INTEGER NOT NULL,
    last_error      TEXT    NOT NULL DEFAULT '',
    created_at_ms   INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL,                  -- when its link ends; the row goes some days later
    sent_at_ms      INTEGER,
    organization_id BLOB    NOT NULL DEFAULT x''       -- of an invitation: who invites; x'' of the appliance's own
) STRICT;
CREATE INDEX mail_due ON mail (run_at_ms) WHERE state = 'waiting';

-- What an administrator sets in the interface.
CREATE TABLE setting (
    name            TEXT    NOT NULL PRIMARY KEY,
    value           TEXT    NOT NULL,                  -- JSON; secrets in it are sealed
    updated_at_ms   INTEGER NOT NULL
) STRICT;

-- A role an organization made for itself.
CREATE TABLE role (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL COLLATE NOCASE,
    permissions     TEXT    NOT NULL,                  -- names with spaces between them
    created_at_ms   INTEGER NOT NULL,
    updated_at_ms   INTEGER NOT NULL,
    UNIQUE (organization_id, name)
) STRICT;

CREATE TABLE invitation (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    email           TEXT    NOT NULL DEFAULT '',       -- '': whoever has the link
    role            TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'custom')),
    role_id         BLOB    REFERENCES role (id) ON DELETE CASCADE,
    token_hash      BLOB    NOT NULL UNIQUE,
    invited_by      BLOB    REFERENCES account (id) ON DELETE SET NULL,
    created_at_ms   INTEGER NOT NULL,
    expires_at_ms   INTEGER NOT NULL,
    accepted_at_ms  INTEGER,
    accepted_by     BLOB    REFERENCES account (id) ON DELETE SET NULL,
    CHECK ((role = 'custom') = (role_id IS NOT NULL))
) STRICT;
CREATE INDEX invitation_organization ON invitation (organization_id);

CREATE TABLE api_key (
    id                  BLOB    NOT NULL PRIMARY KEY,
    organization_id     BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    account_id          BLOB    NOT NULL REFERENCES account (id) ON DELETE CASCADE,   -- whose rights bound it
    name                TEXT    NOT NULL,
    prefix              TEXT    NOT NULL,              -- how people recognise it
    key_hash            BLOB    NOT NULL UNIQUE,
    previous_key_hash   BLOB    UNIQUE,                -- still taken until:
    previous_ends_at_ms INTEGER NOT NULL DEFAULT 0,
    permissions         TEXT    NOT NULL,              -- names with spaces between them
    created_at_ms       INTEGER NOT NULL,
    expires_at_ms       INTEGER,                       -- NULL: never
    last_used_at_ms     INTEGER NOT NULL DEFAULT 0,    -- to the minute; 0: never
    last_used_address   TEXT    NOT NULL DEFAULT '',
    revoked_at_ms       INTEGER
) STRICT;
CREATE INDEX api_key_organization ON api_key (organization_id);

-- Who did what to the appliance itself. Each row holds the hash of the row before it.
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

-- The last row's hash under the master key: rows cut off the end, or a chain made anew, do not fit it.
CREATE TABLE audit_head (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    sequence        INTEGER NOT NULL,
    hash            BLOB    NOT NULL,
    seal            BLOB    NOT NULL
) STRICT;

-- Audit rows on their way into an organization's own file, where what they tell of happened here.
CREATE TABLE audit_delivery (
    id              BLOB    NOT NULL PRIMARY KEY,
    organization_id BLOB    NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    entry           TEXT    NOT NULL                   -- JSON
) STRICT;
CREATE INDEX audit_delivery_organization ON audit_delivery (organization_id, id);
