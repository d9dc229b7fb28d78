-- Everything one organization owns. No row names the organization: the file is the organization.

-- The spine: one row per change of state, appended in the transaction that made the change.
CREATE TABLE event (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,    -- leaves the program as a cursor, so never reused
    kind         TEXT    NOT NULL,
    actor        TEXT    NOT NULL,                     -- 'provider', 'system' or 'account:<id>'
    entity_kind  TEXT    NOT NULL,
    entity_id    BLOB    NOT NULL,
    payload      TEXT    NOT NULL DEFAULT '{}',        -- JSON; names and ids, never a message's body
    cause        BLOB,                                 -- the provider event that led to it
    at_ms        INTEGER NOT NULL
) STRICT;
-- The feed filters by kind. The frequent kinds are found by walking the log backwards; only the rare ones need this.
CREATE INDEX event_rare_kind ON event (kind, sequence)
    WHERE kind NOT IN ('message.received', 'message.sent', 'message.opened', 'contact.created');

CREATE TABLE consumer (
    name          TEXT    NOT NULL PRIMARY KEY,
    cursor        INTEGER NOT NULL DEFAULT 0,          -- the last sequence whose consequences are stored
    updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE job (
    id            BLOB    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    payload       TEXT    NOT NULL DEFAULT '{}',
    state         TEXT    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    max_attempts  INTEGER NOT NULL DEFAULT 5,
    run_at_ms     INTEGER NOT NULL,
    last_error    TEXT    NOT NULL DEFAULT '',
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX job_due ON job (run_at_ms) WHERE state IN ('waiting', 'running');

-- Every webhook as it came. The content key starts with the event's time, so that keys of new events are
-- neighbours in the index and its cost does not grow with the table.
CREATE TABLE provider_event (
    id             BLOB    NOT NULL PRIMARY KEY,
    connection_id  BLOB    NOT NULL,
    content_key    BLOB    NOT NULL UNIQUE,
    event_type     TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('applied', 'unknown', 'failed')),
    note           TEXT    NOT NULL DEFAULT '',
    payload        BLOB    NOT NULL,
    occurred_at_ms INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_event_not_applied ON provider_event (state, id) WHERE state <> 'applied';

CREATE TABLE connection_status (
    connection_id    BLOB    NOT NULL PRIMARY KEY,
    last_event_at_ms INTEGER NOT NULL,
    event_count      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox (
    id               BLOB    NOT NULL PRIMARY KEY,
    address          TEXT    NOT NULL UNIQUE,          -- lower case
    -- The state follows from the latest of these three, so the order of arrival does not matter.
    last_sent_at_ms  INTEGER NOT NULL DEFAULT 0,
    error_at_ms      INTEGER NOT NULL DEFAULT 0,
    suspended_at_ms  INTEGER NOT NULL DEFAULT 0,
    state_reason     TEXT    NOT NULL DEFAULT '',
    sent             INTEGER NOT NULL DEFAULT 0,
    received         INTEGER NOT NULL DEFAULT 0,
    auto_replied     INTEGER NOT NULL DEFAULT 0,
    bounced          INTEGER NOT NULL DEFAULT 0,
    last_event_at_ms INTEGER NOT NULL DEFAULT 0,
    created_at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE mailbox_day (
    mailbox_id   BLOB    NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
    day          INTEGER NOT NULL,                     -- UTC days since 1970
    sent         INTEGER NOT NULL DEFAULT 0,
    received     INTEGER NOT NULL DEFAULT 0,
    auto_replied INTEGER NOT NULL DEFAULT 0,
    bounced      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (mailbox_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign (
    id                   BLOB    NOT NULL PRIMARY KEY,
    connection_id        BLOB    NOT NULL,
    provider_campaign_id TEXT    NOT NULL,
    name                 TEXT    NOT NULL DEFAULT '',
    name_at_ms           INTEGER NOT NULL DEFAULT 0,
    is_synced            INTEGER NOT NULL DEFAULT 0,   -- 0: known from webhooks only
    -- The state follows from the latest of these, so the order of arrival does not matter.
    last_sent_at_ms      INTEGER NOT NULL DEFAULT 0,
    started_at_ms        INTEGER NOT NULL DEFAULT 0,
    paused_at_ms         INTEGER NOT NULL DEFAULT 0,
    completed_at_ms      INTEGER NOT NULL DEFAULT 0,
    contacts             INTEGER NOT NULL DEFAULT 0,   -- people a message was sent to
    sent                 INTEGER NOT NULL DEFAULT 0,
    opened               INTEGER NOT NULL DEFAULT 0,   -- steps opened at least once, per person
    clicked              INTEGER NOT NULL DEFAULT 0,   -- steps clicked at least once, per person
    replied              INTEGER NOT NULL DEFAULT 0,
    replied_contacts     INTEGER NOT NULL DEFAULT 0,
    auto_replied         INTEGER NOT NULL DEFAULT 0,
    bounced              INTEGER NOT NULL DEFAULT 0,
    unsubscribed         INTEGER NOT NULL DEFAULT 0,
    complained           INTEGER NOT NULL DEFAULT 0,
    interested           INTEGER NOT NULL DEFAULT 0,   -- people whose interest is now 1 or higher
    not_interested       INTEGER NOT NULL DEFAULT 0,   -- people whose interest is now -1
    meetings_booked      INTEGER NOT NULL DEFAULT 0,   -- people whose interest is now 2 or higher
    last_event_at_ms     INTEGER NOT NULL DEFAULT 0,
    created_at_ms        INTEGER NOT NULL,
    UNIQUE (provider_campaign_id, connection_id)
) STRICT;

CREATE TABLE campaign_day (
    campaign_id  BLOB    NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    day          INTEGER NOT NULL,                     -- UTC days since 1970
    sent         INTEGER NOT NULL DEFAULT 0,
    opened       INTEGER NOT NULL DEFAULT 0,
    clicked      INTEGER NOT NULL DEFAULT 0,
    replied      INTEGER NOT NULL DEFAULT 0,
    auto_replied INTEGER NOT NULL DEFAULT 0,
    bounced      INTEGER NOT NULL DEFAULT 0,
    unsubscribed INTEGER NOT NULL DEFAULT 0,
    complained   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    id             BLOB    NOT NULL PRIMARY KEY,
    address        TEXT    NOT NULL UNIQUE,            -- lower case
    first_name     TEXT    NOT NULL DEFAULT '',
    last_name      TEXT    NOT NULL DEFAULT '',
    company_name   TEXT    NOT NULL DEFAULT '',
    job_title      TEXT    NOT NULL DEFAULT '',
    phone          TEXT    NOT NULL DEFAULT '',
    website        TEXT    NOT NULL DEFAULT '',
    custom_fields  TEXT    NOT NULL DEFAULT '{}',      -- JSON object of text values
    field_times    TEXT    NOT NULL DEFAULT '{}',      -- JSON: when each field's value was true at the provider
    interest       INTEGER,                            -- 4 won … -4 no show; NULL none
    category       TEXT    NOT NULL DEFAULT '',        -- the interest's word, 'custom' for a label, '' for none
    label          TEXT    NOT NULL DEFAULT '',        -- the customer's own label, verbatim
    interest_at_ms INTEGER NOT NULL DEFAULT 0,
    -- What was said of the person without naming a campaign; it competes with the campaign's own by time.
    general_category TEXT  NOT NULL DEFAULT '',
    general_label  TEXT    NOT NULL DEFAULT '',
    general_at_ms  INTEGER NOT NULL DEFAULT 0,
    search_text    TEXT    NOT NULL DEFAULT '',        -- names and address folded, what the list's filter looks in
    source         TEXT    NOT NULL,
    legal_basis    TEXT    NOT NULL DEFAULT '',
    country        TEXT    NOT NULL DEFAULT '',
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL
) STRICT;

-- Ids are in the order of creation: the filter walks this instead of the rows, newest first.
CREATE INDEX contact_search ON contact (id, search_text);

-- A person in a campaign.
CREATE TABLE campaign_contact (
    contact_id        BLOB    NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    campaign_id       BLOB    NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    step              INTEGER NOT NULL DEFAULT 0,      -- the highest step sent
    sent              INTEGER NOT NULL DEFAULT 0,
    replied           INTEGER NOT NULL DEFAULT 0,
    completed_at_ms   INTEGER NOT NULL DEFAULT 0,
    failed_at_ms      INTEGER NOT NULL DEFAULT 0,
    interest          INTEGER,
    category          TEXT    NOT NULL DEFAULT '',
    label             TEXT    NOT NULL DEFAULT '',
    interest_at_ms    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (contact_id, campaign_id)
) STRICT, WITHOUT ROWID;

-- When a person first opened or clicked a step: only the first time is counted, for its day. 0: not yet.
CREATE TABLE campaign_step_contact (
    contact_id    BLOB    NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    campaign_id   BLOB    NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    step          INTEGER NOT NULL,                    -- 0: the provider did not say
    opened_at_ms  INTEGER NOT NULL DEFAULT 0,
    clicked_at_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (contact_id, campaign_id, step)
) STRICT, WITHOUT ROWID;

-- Addresses nothing is ever sent to again.
CREATE TABLE suppression (
    address       TEXT    NOT NULL PRIMARY KEY,
    reason        TEXT    NOT NULL CHECK (reason IN ('bounced', 'unsubscribed', 'complained')),
    occurred_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
    number              INTEGER PRIMARY KEY,           -- how the search index names it
    id                  BLOB    NOT NULL UNIQUE,
    channel             TEXT    NOT NULL DEFAULT 'email',
    contact_id          BLOB    NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    mailbox_id          BLOB    REFERENCES mailbox (id),
    campaign_id         BLOB    REFERENCES campaign (id),
    provider_thread_id  TEXT,
    subject             TEXT    NOT NULL DEFAULT '',
    subject_key         TEXT    NOT NULL DEFAULT '',   -- normalised subject, what threading compares
    snippet             TEXT    NOT NULL DEFAULT '',
    category            TEXT    NOT NULL DEFAULT 'sent',
    label               TEXT    NOT NULL DEFAULT '',   -- the customer's own label when the category is 'custom'
    view                TEXT    NOT NULL DEFAULT 'sent' CHECK (view IN ('inbox', 'archived', 'sent')),
    unread_count        INTEGER NOT NULL DEFAULT 0,
    message_count       INTEGER NOT NULL DEFAULT 0,
    received_count      INTEGER NOT NULL DEFAULT 0,
    is_archived         INTEGER NOT NULL DEFAULT 0,
    is_last_received    INTEGER NOT NULL DEFAULT 0,
    last_received_auto  INTEGER NOT NULL DEFAULT 0,    -- the last received message is an automatic reply
    last_received_at_ms INTEGER NOT NULL DEFAULT 0,
    first_message_at_ms INTEGER NOT NULL,
    last_message_at_ms  INTEGER NOT NULL,
    created_at_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX conversation_contact ON conversation (contact_id);
CREATE INDEX conversation_view ON conversation (view, last_message_at_ms);
-- Lists name the index they walk (src/inbox/store.rs); the trailing columns let a combined filter be decided in it,
-- without a visit to the row.
CREATE INDEX conversation_mailbox ON conversation (mailbox_id, view, last_message_at_ms, category, unread_count);
CREATE INDEX conversation_campaign ON conversation (campaign_id, view, last_message_at_ms, category, unread_count, mailbox_id);
CREATE INDEX conversation_category ON conversation (category, view, last_message_at_ms, unread_count);
CREATE INDEX conversation_unread ON conversation (view, unread_count > 0, last_message_at_ms, mailbox_id, category);

CREATE TABLE message (
    number              INTEGER PRIMARY KEY,           -- how the search index names it
    id                  BLOB    NOT NULL UNIQUE,
    conversation_id     BLOB    NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    mailbox_id          BLOB    REFERENCES mailbox (id),
    campaign_id         BLOB    REFERENCES campaign (id),
    provider_message_id TEXT,
    is_received         INTEGER NOT NULL,              -- 1 from the contact, 0 to the contact
    is_auto_reply       INTEGER NOT NULL DEFAULT 0,
    is_unread           INTEGER NOT NULL DEFAULT 0,
    step                INTEGER,
    variant             INTEGER,
    occurred_at_ms      INTEGER NOT NULL,
    created_at_ms       INTEGER NOT NULL,
    subject             TEXT    NOT NULL DEFAULT '',
    text                TEXT    NOT NULL DEFAULT '',   -- the author's own words
    quoted_text         TEXT    NOT NULL DEFAULT '',   -- quoted history, folded in the interface
    has_remote_images   INTEGER NOT NULL DEFAULT 0,    -- the HTML asks for images from elsewhere
    html                TEXT                           -- as received, sanitised when shown
) STRICT;
CREATE INDEX message_conversation ON message (conversation_id, occurred_at_ms);
CREATE INDEX message_campaign ON message (campaign_id, occurred_at_ms) WHERE campaign_id IS NOT NULL;
CREATE UNIQUE INDEX message_provider ON message (provider_message_id) WHERE provider_message_id IS NOT NULL;

-- The thin lines between the messages of a thread; written by the timeline consumer from the event log.
CREATE TABLE timeline (
    contact_id  BLOB    NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    sequence    INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    campaign_id BLOB,
    payload     TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (contact_id, sequence)
) STRICT, WITHOUT ROWID;

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
