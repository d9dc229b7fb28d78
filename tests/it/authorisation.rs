//! Who may do what: every route of the router against every kind of caller.
//!
//! [`TABLE`] says what each route asks of its caller. The matrix fails when the router has a route the table lacks or
//! the other way round, so a route cannot be added without saying who may use it. What belongs to another organization
//! answers exactly like what nobody has.

use std::collections::BTreeSet;

use reqwest::Method;
use salesbrain::account::federation::model::Provider;
use salesbrain::account::federation::store as providers;
use salesbrain::account::model::Language;
use salesbrain::account::permission::{Permission, PermissionSet, Role, StaffRole};
use salesbrain::account::session::Client;
use salesbrain::http::access::Access;
use salesbrain::http::router::routes;
use salesbrain::id::{MailId, OrganizationId};
use salesbrain::mail::{self, Letter, NewMail};
use salesbrain::store::Error as StoreError;
use serde_json::{Value, json};

use crate::avatar;
use crate::live::{self, Knock};
use crate::support::{Answer, PASSWORD, Person, Request, TestApp, reply, wait_until};

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Nothing; everyone gets this status.
    Nothing(u16),
    /// Something no session has (a secret, a cookie); everyone gets this status.
    OwnProof(u16),
    /// A session or a key.
    Account,
    /// A session; a key will not do.
    Person,
    /// To share an organization with the account of the path, or to be of the staff; a key may see who the members are.
    /// For all others the account is not there.
    Colleague,
    /// The same, where what is sent here is answered with this status: another person's record, a proof nobody has.
    PersonGets(u16),
    /// The permission in the session's organization.
    Here(&'static str),
    /// The same, of a member who is signed in: staff and keys will not do.
    HereAsMember(&'static str),
    /// The permission in the organization of the path.
    Path(&'static str),
    /// The same, while that organization is on its way out.
    Ending(&'static str),
    /// A session of someone who has anything to do with the organization of the path.
    Inside,
    /// A session of a member of the organization of the path.
    InsideAsMember,
    /// A permission of the appliance's staff.
    Staff(&'static str),
    /// The same, where what is sent here is answered with this status.
    StaffGets(&'static str, u16),
    /// A session that may read the inbox, shown when the socket opens.
    Socket,
}

use Needs::{
    Account, Colleague, Ending, Here, HereAsMember, Inside, InsideAsMember, Nothing, OwnProof, Path,
    Person as SignedIn, PersonGets, Socket, Staff, StaffGets,
};

/// Method, path, what it asks.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Needs)] = &[
    ("GET", "/api/instantly/admin/campaign/{id}/stats", Staff("appliance.operate")),
    ("GET", "/api/instantly/admin/campaigns", Staff("appliance.operate")),
    ("GET", "/api/instantly/admin/email-account/{id}/stats", Staff("appliance.operate")),
    ("GET", "/api/instantly/admin/email-accounts", Staff("appliance.operate")),
    ("GET", "/api/instantly/campaign/{id}/messages", Here("inbox.read")),
    ("GET", "/api/instantly/campaigns", Here("campaigns.read")),
    ("GET", "/api/instantly/email-accounts", Here("campaigns.read")),
    ("GET", "/api/instantly/health", Here("connections.read")),
    ("GET", "/api/instantly/search/messages", Here("inbox.read")),
    ("GET", "/api/instantly/stats", Here("campaigns.read")),
    ("GET", "/api/v1/accounts/{id}/avatar", Colleague),
    ("GET", "/api/v1/admin/mails", Staff("appliance.administer")),
    ("POST", "/api/v1/admin/mails/{id}/retry", Staff("appliance.administer")),
    ("GET", "/api/v1/admin/settings", Staff("appliance.administer")),
    ("PUT", "/api/v1/admin/settings", Staff("appliance.administer")),
    // There is no mail server.
    ("POST", "/api/v1/admin/settings/test-mail", StaffGets("appliance.administer", 400)),
    ("POST", "/api/v1/auth/email", SignedIn),
    ("GET", "/api/v1/admin/accounts", Staff("appliance.administer")),
    ("PATCH", "/api/v1/admin/accounts/{id}", Staff("appliance.administer")),
    ("POST", "/api/v1/admin/accounts/{id}/reset-second-factor", Staff("appliance.administer")),
    ("GET", "/api/v1/admin/audit", Staff("appliance.administer")),
    ("GET", "/api/v1/admin/audit/export", Staff("appliance.administer")),
    ("GET", "/api/v1/admin/organizations", Staff("appliance.operate")),
    ("GET", "/api/v1/admin/organizations/{id}", Staff("appliance.operate")),
    ("GET", "/api/v1/api-keys", Here("api_keys.manage")),
    ("POST", "/api/v1/api-keys", HereAsMember("api_keys.manage")),
    ("DELETE", "/api/v1/api-keys/{id}", Here("api_keys.manage")),
    ("POST", "/api/v1/api-keys/{id}/rotate", Here("api_keys.manage")),
    ("GET", "/api/v1/audit", Here("audit.read")),
    ("GET", "/api/v1/audit/export", Here("audit.read")),
    // An empty body is refused before anybody's rights matter; what they do is tested in `session`.
    ("POST", "/api/v1/auth/forgot-password", Nothing(400)),
    ("POST", "/api/v1/auth/link", Nothing(400)),
    ("POST", "/api/v1/auth/login", Nothing(400)),
    ("POST", "/api/v1/auth/signin", Nothing(400)),
    ("POST", "/auth/signin", Nothing(400)),
    ("POST", "/api/v1/auth/logout", Nothing(200)),
    ("POST", "/auth/logout", Nothing(200)),
    ("GET", "/api/v1/auth/me", Account),
    ("PUT", "/api/v1/auth/me", SignedIn),
    ("GET", "/api/v1/admin/providers", Staff("appliance.administer")),
    ("PUT", "/api/v1/admin/providers/{id}", Staff("appliance.administer")),
    ("DELETE", "/api/v1/admin/providers/{id}", Staff("appliance.administer")),
    ("GET", "/api/v1/auth/identities", SignedIn),
    ("DELETE", "/api/v1/auth/identities/{id}", PersonGets(404)),
    // No provider has this name.
    ("POST", "/api/v1/auth/oauth/{provider}", Nothing(404)),
    ("POST", "/api/v1/auth/oauth/{provider}/start", Nothing(404)),
    ("POST", "/api/v1/auth/passkey", Nothing(400)),
    // Keys are bound to names, and the program is reached by its address here.
    ("POST", "/api/v1/auth/passkey/start", Nothing(409)),
    ("GET", "/api/v1/auth/passkeys", SignedIn),
    ("POST", "/api/v1/auth/passkeys", PersonGets(400)),
    ("POST", "/api/v1/auth/passkeys/start", PersonGets(409)),
    ("PATCH", "/api/v1/auth/passkeys/{id}", PersonGets(404)),
    ("DELETE", "/api/v1/auth/passkeys/{id}", PersonGets(404)),
    ("GET", "/api/v1/auth/providers", Nothing(200)),
    ("GET", "/api/v1/auth/options", Nothing(200)),
    ("PUT", "/api/v1/auth/password", SignedIn),
    // Nobody here has a second factor.
    ("POST", "/api/v1/auth/recovery-codes", PersonGets(409)),
    // An access token is no refresh token.
    ("POST", "/api/v1/auth/refresh", OwnProof(401)),
    ("POST", "/api/v1/auth/register", Nothing(400)),
    ("POST", "/api/v1/auth/signup", Nothing(400)),
    ("POST", "/auth/signup", Nothing(400)),
    ("POST", "/api/v1/auth/reset-password", Nothing(400)),
    ("GET", "/api/v1/auth/second-factor", SignedIn),
    ("POST", "/api/v1/auth/second-factor", Nothing(400)),
    ("GET", "/api/v1/auth/sessions", SignedIn),
    ("DELETE", "/api/v1/auth/sessions", SignedIn),
    // Someone else's.
    ("DELETE", "/api/v1/auth/sessions/{id}", PersonGets(404)),
    ("POST", "/api/v1/auth/totp", SignedIn),
    ("DELETE", "/api/v1/auth/totp", SignedIn),
    // The code is none of theirs.
    ("POST", "/api/v1/auth/totp/verify", PersonGets(409)),
    ("POST", "/api/v1/auth/verify-email", Nothing(400)),
    ("GET", "/api/v1/campaigns", Here("campaigns.read")),
    ("GET", "/api/v1/campaigns/{id}", Here("campaigns.read")),
    ("GET", "/api/v1/campaigns/{id}/daily", Here("campaigns.read")),
    ("GET", "/api/v1/campaigns/{id}/messages", Here("inbox.read")),
    ("GET", "/api/v1/chats", Here("inbox.read")),
    ("GET", "/api/v1/chats/unread", Here("inbox.read")),
    ("GET", "/api/v1/chats/{id}", Here("inbox.read")),
    ("GET", "/api/v1/chats/{id}/messages", Here("inbox.read")),
    ("PATCH", "/api/v1/chats/{id}/read", Here("inbox.change")),
    ("GET", "/api/v1/connections", Here("connections.read")),
    ("POST", "/api/v1/connections", Here("connections.manage")),
    ("GET", "/api/v1/connections/{id}", Here("connections.read")),
    ("DELETE", "/api/v1/connections/{id}", Here("connections.manage")),
    ("POST", "/api/v1/connections/{id}/secret", Here("connections.manage")),
    ("GET", "/api/v1/contacts", Here("contacts.read")),
    ("GET", "/api/v1/contacts/{id}", Here("contacts.read")),
    ("GET", "/api/v1/contacts/{id}/conversations", Here("inbox.read")),
    ("GET", "/api/v1/conversations", Here("inbox.read")),
    ("GET", "/api/v1/conversations/counts", Here("inbox.read")),
    ("GET", "/api/v1/conversations/{id}", Here("inbox.read")),
    ("PATCH", "/api/v1/conversations/{id}/archive", Here("inbox.change")),
    ("GET", "/api/v1/conversations/{id}/messages", Here("inbox.read")),
    ("PATCH", "/api/v1/conversations/{id}/read", Here("inbox.change")),
    ("GET", "/api/v1/conversations/{id}/timeline", Here("inbox.read")),
    ("PATCH", "/api/v1/conversations/{id}/unarchive", Here("inbox.change")),
    ("PATCH", "/api/v1/conversations/{id}/unread", Here("inbox.change")),
    ("GET", "/api/v1/events", Here("inbox.read")),
    ("POST", "/api/v1/invitations/accept", SignedIn),
    ("POST", "/api/v1/invitations/show", Nothing(400)),
    ("GET", "/api/v1/jobs", Here("operations.manage")),
    ("POST", "/api/v1/jobs/{id}/retry", Here("operations.manage")),
    ("GET", "/api/v1/live", Socket),
    ("GET", "/api/v1/mailboxes", Here("campaigns.read")),
    ("GET", "/api/v1/mailboxes/{id}", Here("campaigns.read")),
    ("GET", "/api/v1/mailboxes/{id}/daily", Here("campaigns.read")),
    ("GET", "/api/v1/messages/{id}/html", Here("inbox.read")),
    ("GET", "/api/v1/organizations", Account),
    ("POST", "/api/v1/organizations", SignedIn),
    ("GET", "/api/v1/organizations/{id}", Path("members.read")),
    ("PATCH", "/api/v1/organizations/{id}", Path("organization.manage")),
    ("DELETE", "/api/v1/organizations/{id}", Path("organization.own")),
    ("GET", "/api/v1/organizations/{id}/invitations", Path("members.read")),
    ("POST", "/api/v1/organizations/{id}/invitations", Path("members.manage")),
    ("DELETE", "/api/v1/organizations/{id}/invitations/{invitation_id}", Path("members.manage")),
    ("POST", "/api/v1/organizations/{id}/leave", InsideAsMember),
    ("GET", "/api/v1/organizations/{id}/members", Path("members.read")),
    ("POST", "/api/v1/organizations/{id}/members", Path("members.manage")),
    ("PATCH", "/api/v1/organizations/{id}/members/{account_id}", Path("members.manage")),
    ("DELETE", "/api/v1/organizations/{id}/members/{account_id}", Path("members.manage")),
    ("POST", "/api/v1/organizations/{id}/members/{account_id}/reset-second-factor", Path("organization.own")),
    ("POST", "/api/v1/organizations/{id}/restore", Ending("organization.own")),
    ("GET", "/api/v1/organizations/{id}/roles", Path("members.read")),
    ("POST", "/api/v1/organizations/{id}/roles", Path("roles.manage")),
    ("PATCH", "/api/v1/organizations/{id}/roles/{role_id}", Path("roles.manage")),
    ("DELETE", "/api/v1/organizations/{id}/roles/{role_id}", Path("roles.manage")),
    ("POST", "/api/v1/organizations/{id}/switch", Inside),
    ("GET", "/api/v1/permissions", Account),
    ("GET", "/api/v1/provider-events", Here("operations.manage")),
    ("GET", "/api/v1/provider-events/{id}", Here("payloads.read")),
    ("POST", "/api/v1/provider-events/{id}/replay", Here("operations.manage")),
    ("GET", "/api/v1/search", Here("inbox.read")),
    ("POST", "/api/v1/search/reindex", Here("operations.manage")),
    ("GET", "/api/v1/setup", Nothing(200)),
    // There is an owner already.
    ("POST", "/api/v1/setup", Nothing(409)),
    ("GET", "/api/v1/statistics", Here("campaigns.read")),
    ("GET", "/api/v1/status", Here("connections.read")),
    ("GET", "/api/v1/unrouted-events", Staff("appliance.operate")),
    ("POST", "/api/v1/uploads/avatar", SignedIn),
    ("DELETE", "/api/v1/uploads/avatar", SignedIn),
    ("GET", "/docs", Nothing(308)),
    ("GET", "/docs/{*path}", Nothing(200)),
    ("GET", "/health", Nothing(200)),
    ("GET", "/metrics", Staff("appliance.operate")),
    ("GET", "/openapi.json", Nothing(200)),
    // An access token is no webhook secret.
    ("POST", "/webhooks/instantly/webhook", OwnProof(401)),
    ("POST", "/webhooks/instantly/{token}", OwnProof(401)),
    ("GET", "/ws/campaigns", Socket),
    ("GET", "/ws/conversations", Socket),
];

/// A kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Anonymous,
    Garbage,
    Expired,
    Revoked,
    Viewer,
    Member,
    Admin,
    Owner,
    /// Staff, member of nothing; their session works in the organization.
    SbOperator,
    SbAdmin,
    /// A key of the owner's without a permission, with one, and one that was revoked.
    KeyWithoutScope,
    KeyThatReads,
    KeyRevoked,
    /// Owns another organization.
    Outsider,
}

use Caller::{
    Admin, Anonymous, Expired, Garbage, KeyRevoked, KeyThatReads, KeyWithoutScope, Member, Outsider, Owner, Revoked,
    SbAdmin, SbOperator, Viewer,
};

const CALLERS: [Caller; 14] = [
    Anonymous,
    Garbage,
    Expired,
    Revoked,
    Viewer,
    Member,
    Admin,
    Owner,
    SbOperator,
    SbAdmin,
    KeyWithoutScope,
    KeyThatReads,
    KeyRevoked,
    Outsider,
];

/// Who has a permission, said here once more: the program's own table must not be its own witness.
#[rustfmt::skip]
const RIGHTS: &[(&str, &[Caller])] = &[
    ("inbox.read", &[Viewer, Member, Admin, Owner, SbAdmin, KeyThatReads, Outsider]),
    ("inbox.change", &[Member, Admin, Owner, SbAdmin, Outsider]),
    ("contacts.read", &[Viewer, Member, Admin, Owner, SbAdmin, Outsider]),
    ("campaigns.read", &[Viewer, Member, Admin, Owner, SbAdmin, SbOperator, Outsider]),
    ("connections.read", &[Viewer, Member, Admin, Owner, SbAdmin, SbOperator, Outsider]),
    ("connections.manage", &[Admin, Owner, SbAdmin, Outsider]),
    ("operations.manage", &[Admin, Owner, SbAdmin, SbOperator, Outsider]),
    ("payloads.read", &[Admin, Owner, SbAdmin, Outsider]),
    ("members.read", &[Viewer, Member, Admin, Owner, SbAdmin, SbOperator, Outsider]),
    ("members.manage", &[Admin, Owner, SbAdmin, Outsider]),
    ("roles.manage", &[Admin, Owner, SbAdmin, Outsider]),
    ("api_keys.manage", &[Admin, Owner, SbAdmin, Outsider]),
    ("audit.read", &[Admin, Owner, SbAdmin, Outsider]),
    ("organization.manage", &[Admin, Owner, SbAdmin, Outsider]),
    ("organization.own", &[Owner, SbAdmin, Outsider]),
    ("appliance.operate", &[SbAdmin, SbOperator]),
    ("appliance.administer", &[SbAdmin]),
];

/// Who stands at all.
const STANDING: [Caller; 9] =
    [Viewer, Member, Admin, Owner, SbOperator, SbAdmin, KeyWithoutScope, KeyThatReads, Outsider];

/// Whether a caller with these needs gets an answer, and if not, which status.
fn expected_status(needs: Needs, caller: Caller, has_id: bool) -> Expected {
    let permitted = match needs {
        Nothing(status) | OwnProof(status) => return Expected::Exactly(status),
        Account | Colleague => &STANDING[..],
        SignedIn | PersonGets(_) | Inside => &[Viewer, Member, Admin, Owner, SbOperator, SbAdmin, Outsider],
        InsideAsMember => &[Viewer, Member, Admin, Owner, Outsider],
        Socket => rights("inbox.read"),
        Here(permission)
        | HereAsMember(permission)
        | Path(permission)
        | Ending(permission)
        | Staff(permission)
        | StaffGets(permission, _) => rights(permission),
    };
    let is_standing = match needs {
        // The keys of an organization on its way out stop.
        Ending(_) => STANDING.contains(&caller) && !matches!(caller, KeyWithoutScope | KeyThatReads),
        _ => STANDING.contains(&caller),
    };
    if !is_standing {
        return Expected::Exactly(401);
    }
    if matches!((needs, caller), (HereAsMember(_), SbOperator | SbAdmin)) {
        return Expected::Exactly(403);
    }
    // A socket says why by closing: "not you" is all it can say.
    let refusal = if needs == Socket { 401 } else { 403 };
    match caller {
        caller if !permitted.contains(&caller) => Expected::Exactly(refusal),
        KeyWithoutScope | KeyThatReads if needs == Colleague => Expected::Exactly(404),
        _ if let PersonGets(status) | StaffGets(_, status) = needs => Expected::Exactly(status),
        // The outsider owns an organization, so nothing but the wall between organizations is in the way.
        Outsider if has_id => Expected::Exactly(404),
        _ => Expected::Success,
    }
}

fn rights(permission: &str) -> &'static [Caller] {
    let found = RIGHTS.iter().find(|(name, _callers)| *name == permission);
    found.unwrap_or_else(|| panic!("say who has {permission}")).1
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Success,
    Exactly(u16),
}

impl Expected {
    fn holds(self, status: u16) -> bool {
        match self {
            Self::Success => (200..300).contains(&status),
            Self::Exactly(expected) => status == expected,
        }
    }
}

/// The appliance with two organizations, one of everything in the first, and someone of every kind.
struct World {
    test: TestApp,
    tokens: Vec<(Caller, String)>,
    operator: Person,
    outsider: Person,
    records: Records,
}

/// Ids of the first organization.
struct Records {
    organization: String,
    campaign: String,
    contact: String,
    conversation: String,
    mailbox: String,
    message: String,
    provider_event: String,
    api_key: String,
    role: String,
}

async fn build() -> World {
    let test = TestApp::start().await;
    let operator = test.operator.clone();
    // The expired token is the oldest; the sessions of all others start after the clock has moved past its end.
    let expired = operator.token.clone();
    test.app.clock.advance_ms((test.app.config.access_token_s + 1) * 1_000);
    let revoked = test.sign_in_again(&operator).await;
    test.app.end_session(&revoked.refresh_token, &Client::default()).await.unwrap();
    let outsider = test.create_outsider().await;
    let operator = test.sign_in_again(&operator).await;
    let mut tokens = vec![
        (Anonymous, String::new()),
        (Garbage, "abc.def.ghi".to_owned()),
        (Expired, expired),
        (Revoked, revoked.token),
        (SbOperator, test.create_staff(StaffRole::Operator).await.token),
        (SbAdmin, test.create_staff(StaffRole::Admin).await.token),
        (KeyWithoutScope, test.create_key(&operator, &[]).await),
        (KeyThatReads, test.create_key(&operator, &[Permission::InboxRead]).await),
        (KeyRevoked, revoke_key(&test, test.create_key(&operator, &[Permission::InboxRead]).await).await),
        (Outsider, outsider.token.clone()),
    ];
    for (caller, role) in [(Viewer, Role::Viewer), (Member, Role::Member), (Admin, Role::Admin), (Owner, Role::Owner)] {
        tokens.push((caller, test.create_member(role).await.token));
    }
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({}))).await.expect(200);
    avatar::upload(&test, &operator.token, "image/png", avatar::png(8, 8)).await.expect(200);
    let records = find_records(&test, &operator).await;
    // Else only owners and administrators make organizations; that is tested in `organization`.
    test.execute_control("INSERT INTO setting (name, value, updated_at_ms) VALUES ('registration', '\"open\"', 0)")
        .await;
    for person in [&operator, &outsider] {
        wait_until("search answers", async || test.get("/api/v1/search?q=thursday", person).await.status == 200).await;
    }
    World { test, tokens, operator, outsider, records }
}

async fn revoke_key(test: &TestApp, key: String) -> String {
    let hash = salesbrain::account::token::secret_hash(&key);
    let revoke = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute("UPDATE api_key SET revoked_at_ms = 1 WHERE key_hash = ?1", [hash])?;
        Ok(())
    };
    test.app.control.write(revoke).await.unwrap();
    key
}

/// A key of the first organization's, by its id.
async fn create_api_key(test: &TestApp, person: &Person) -> String {
    let body = json!({ "name": "Reporting", "permissions": ["inbox.read"], "password": PASSWORD });
    test.post("/api/v1/api-keys", person, body).await.expect(200).data()["id"].as_str().unwrap().to_owned()
}

/// A role of the first organization's own, by its id.
async fn create_role(test: &TestApp, person: &Person, name: &str) -> String {
    let path = format!("/api/v1/organizations/{}/roles", test.organization_id);
    let body = json!({ "name": name, "permissions": ["inbox.read"] });
    test.post(&path, person, body).await.expect(200).data()["id"].as_str().unwrap().to_owned()
}

async fn find_records(test: &TestApp, person: &Person) -> Records {
    let first_id = async |path: &str| -> String {
        let rows = test.get(path, person).await.expect(200).rows();
        rows.first().unwrap_or_else(|| panic!("{path} is empty"))["id"].as_str().unwrap().to_owned()
    };
    let conversation = first_id("/api/v1/conversations").await;
    Records {
        organization: person.organization_id.to_string(),
        campaign: first_id("/api/v1/campaigns").await,
        contact: first_id("/api/v1/contacts").await,
        mailbox: first_id("/api/v1/mailboxes").await,
        message: first_id(&format!("/api/v1/conversations/{conversation}/messages")).await,
        provider_event: first_id("/api/v1/provider-events").await,
        api_key: create_api_key(test, person).await,
        role: create_role(test, person, "Reader").await,
        conversation,
    }
}

/// Adds a dead job to an organization.
pub(crate) async fn create_dead_job(test: &TestApp) -> String {
    let id = salesbrain::id::JobId::from_uuid(test.app.ids.next_uuid());
    let tenant = test.tenant(test.organization_id).await;
    let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO job (id, kind, state, attempts, run_at_ms, created_at_ms, updated_at_ms)
             VALUES (?1, 'search.reindex', 'dead', 5, ?2, ?2, ?2)",
            (id, tx.now_ms()),
        )?;
        Ok(())
    };
    tenant.write(insert).await.unwrap();
    id.to_string()
}

/// Adds a provider of identities.
async fn create_provider(test: &TestApp) -> String {
    let provider = json!({ "id": "chat", "kind": "telegram_widget", "name": "Chat" });
    let provider: Provider = serde_json::from_value(provider).unwrap();
    let save = move |tx: &salesbrain::store::Tx<'_>| providers::save_provider(tx, &provider);
    test.app.control.write(save).await.unwrap();
    "chat".to_owned()
}

/// Adds a passkey and an identity, of the same id, to an account that is none of the callers'.
async fn create_way_in(test: &TestApp) -> String {
    let (uuid, account_id) = (test.app.ids.next_uuid(), test.operator.account_id);
    let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        let id = uuid.as_bytes().as_slice();
        tx.connection().execute(
            "INSERT INTO passkey (id, account_id, credential_id, credential, name, created_at_ms) VALUES (?1, ?2, ?1, '{}', '', 1)",
            (id, account_id),
        )?;
        tx.connection().execute(
            "INSERT INTO identity (id, account_id, provider, subject, created_at_ms) VALUES (?1, ?2, 'chat', ?3, 1)",
            (id, account_id, uuid.to_string()),
        )?;
        Ok(())
    };
    test.app.control.write(insert).await.unwrap();
    uuid.to_string()
}

/// Adds a mail that nobody can send.
async fn create_mail(test: &TestApp) -> String {
    let keyring = test.app.keyring.clone();
    let mail = NewMail {
        address: format!("{}@acme.example", test.app.ids.next_uuid()),
        letter: Letter::PasswordReset,
        language: Language::En,
        link: "http://127.0.0.1/reset-password#secret".to_owned(),
        lifetime_ms: 60_000,
    };
    let address = mail.address.clone();
    test.app.control.write(move |tx| mail::create(tx, &keyring, &mail)).await.unwrap();
    let find = move |connection: &rusqlite::Connection| -> Result<MailId, StoreError> {
        Ok(connection.query_row("SELECT id FROM mail WHERE address = ?1", [address], |row| row.get(0))?)
    };
    test.app.control.read(find).await.unwrap().to_string()
}

/// An account that is a member of nothing.
async fn create_account(test: &TestApp) -> String {
    let id = salesbrain::id::AccountId::from_uuid(test.app.ids.next_uuid());
    let insert = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO account (id, email, password_hash, created_at_ms, updated_at_ms) VALUES (?1, ?2, '', 1, 1)",
            (id, format!("{id}@appliance.example")),
        )?;
        Ok(())
    };
    test.app.control.write(insert).await.unwrap();
    id.to_string()
}

impl World {
    /// A record below the first organization for the other id of a path; made anew where a call uses it up.
    async fn find_sub_id(&self, path: &str) -> String {
        let test = &self.test;
        let number = test.app.ids.next_uuid();
        if path.contains("{account_id}") {
            let email = format!("{number}@acme.example");
            return test.create_person(test.organization_id, &email, Role::Viewer).await.account_id.to_string();
        }
        if path.contains("{invitation_id}") {
            let path = format!("/api/v1/organizations/{}/invitations", test.organization_id);
            let made = test.post(&path, &self.operator, json!({ "role": "viewer" })).await.expect(200).data();
            return made["id"].as_str().unwrap().to_owned();
        }
        if path.contains("{role_id}") {
            let roles =
                test.get(&format!("/api/v1/organizations/{}/roles", test.organization_id), &self.operator).await;
            // Gone if a call deleted it.
            let found = roles.expect(200).rows().into_iter().find(|role| role["name"] == "Temporary");
            return match found {
                Some(role) => role["id"].as_str().unwrap().to_owned(),
                None => create_role(test, &self.operator, "Temporary").await,
            };
        }
        String::new()
    }

    /// A record of the first organization for the `{id}` of a path; what a call uses up is made anew.
    async fn find_id(&self, path: &str) -> String {
        if path.contains("/organizations/") {
            return self.test.organization_id.to_string();
        }
        if path == "/api/v1/api-keys/{id}" {
            return create_api_key(&self.test, &self.operator).await;
        }
        let records = &self.records;
        if path.ends_with("/avatar") {
            return self.test.operator.account_id.to_string();
        }
        let kinds = [
            ("/admin/organizations/", &records.organization),
            ("/email-account/", &records.mailbox),
            ("/campaign", &records.campaign),
            ("/contacts/", &records.contact),
            ("/conversations/", &records.conversation),
            ("/chats/", &records.conversation),
            ("/mailboxes/", &records.mailbox),
            ("/messages/{id}/html", &records.message),
            ("/provider-events/", &records.provider_event),
            ("/api-keys/", &records.api_key),
        ];
        if path.contains("/connections/") {
            let organization_id = Some(self.test.organization_id);
            return self.test.app.create_connection(organization_id, "instantly", "").await.unwrap().0.id.to_string();
        }
        if path.contains("/admin/mails/") {
            return create_mail(&self.test).await;
        }
        if path.contains("/auth/sessions/") {
            let session = self.test.sign_in_again(&self.test.operator).await;
            let standing = self.test.app.find_session(&session.token).await.unwrap().unwrap();
            return standing.session_id().unwrap().to_string();
        }
        if path.contains("/admin/accounts/") {
            return create_account(&self.test).await;
        }
        if path.contains("/jobs/") {
            return create_dead_job(&self.test).await;
        }
        if path.contains("/providers/") {
            return create_provider(&self.test).await;
        }
        if path.contains("/passkeys/") || path.contains("/identities/") {
            return create_way_in(&self.test).await;
        }
        let found = kinds.iter().find(|(part, _id)| path.contains(part));
        found.unwrap_or_else(|| panic!("no record for {path}")).1.clone()
    }

    async fn call(&self, (method, path): (&str, &str), token: &str, id: &str) -> Answer {
        let sub_id = self.find_sub_id(path).await;
        self.call_with((method, path), token, (id, &sub_id)).await
    }

    async fn call_with(&self, (method, path): (&str, &str), token: &str, (id, sub_id): (&str, &str)) -> Answer {
        let full = path.replace("{id}", id).replace("{*path}", "index.html").replace("{token}", "no-such-secret");
        let full = SUB_IDS.iter().fold(full, |full, name| full.replace(name, sub_id));
        let full = match path {
            "/api/v1/search" => format!("{full}?q=thursday"),
            "/api/instantly/search/messages" => format!("{full}?query=thursday"),
            _ => full,
        };
        if (method, path) == ("POST", "/api/v1/uploads/avatar") {
            return avatar::upload(&self.test, token, "image/png", avatar::png(8, 8)).await;
        }
        let body = self.body(method, path).await;
        let token = (!token.is_empty()).then_some(token);
        let headers = vec![("x-requested-with", "salesbrain".to_owned())];
        self.test.send(Method::from_bytes(method.as_bytes()).unwrap(), &full, Request { token, headers, body }).await
    }
}

/// Names of a path's other ids.
const SUB_IDS: [&str; 3] = ["{account_id}", "{invitation_id}", "{role_id}"];

impl World {
    /// What a call sends so that it succeeds for who may make it.
    async fn body(&self, method: &str, path: &str) -> Option<Value> {
        let number = self.test.app.ids.next_uuid();
        Some(match (method, path) {
            ("PUT", "/api/v1/auth/me") => json!({ "theme": "dark" }),
            ("PUT", "/api/v1/admin/providers/{id}") => json!({ "kind": "telegram_widget", "bot_token": "1:x" }),
            ("PATCH", "/api/v1/auth/passkeys/{id}") => json!({ "name": "Key" }),
            ("PATCH", "/api/v1/admin/accounts/{id}") => json!({ "staff_role": "sb_operator" }),
            ("POST", "/api/v1/api-keys") => {
                json!({ "name": "New", "permissions": ["inbox.read"], "password": PASSWORD })
            }
            ("POST", "/api/v1/api-keys/{id}/rotate") => json!({ "password": PASSWORD }),
            ("POST", "/api/v1/connections") => json!({ "provider": "instantly" }),
            ("POST", "/api/v1/invitations/accept") => json!({ "token": self.invite_elsewhere().await }),
            ("POST", "/api/v1/organizations") => json!({ "name": format!("New {number}") }),
            ("PATCH" | "DELETE", "/api/v1/organizations/{id}") => json!({ "name": "Acme" }),
            ("POST", "/api/v1/organizations/{id}/invitations") => json!({ "role": "viewer" }),
            ("POST", "/api/v1/organizations/{id}/members") => {
                json!({ "email": format!("{number}@new.example"), "role": "viewer" })
            }
            ("PATCH", "/api/v1/organizations/{id}/members/{account_id}") => json!({ "role": "member" }),
            ("POST", "/api/v1/organizations/{id}/roles") => json!({ "name": number, "permissions": ["inbox.read"] }),
            ("PATCH", "/api/v1/organizations/{id}/roles/{role_id}") => json!({ "permissions": ["contacts.read"] }),
            ("POST", "/api/v1/setup") => json!({
                "email": "late@example.com", "password": "correct horse battery", "organization_name": "Late",
            }),
            ("PUT", "/api/v1/auth/password") => json!({ "current_password": PASSWORD, "password": PASSWORD }),
            ("POST", "/api/v1/auth/email") => json!({ "email": "new@acme.example", "password": PASSWORD }),
            ("POST", "/api/v1/auth/recovery-codes" | "/api/v1/auth/totp")
            | ("DELETE", "/api/v1/auth/totp" | "/api/v1/auth/passkeys/{id}" | "/api/v1/auth/identities/{id}") => {
                json!({ "password": PASSWORD })
            }
            ("POST", "/api/v1/auth/totp/verify") => json!({ "code": "000000" }),
            ("POST", "/api/v1/admin/settings/test-mail") => json!({ "address": "operator@acme.example" }),
            ("POST" | "PUT", _) => json!({}),
            _ => return None,
        })
    }

    /// The token of an invitation into an organization none of the callers belongs to.
    async fn invite_elsewhere(&self) -> String {
        let created: Result<OrganizationId, StoreError> =
            self.test.app.control.write(|tx| salesbrain::organization::create(tx, "Elsewhere")).await;
        let id = created.unwrap();
        let email = format!("{}@elsewhere.example", self.test.app.ids.next_uuid());
        let owner = self.test.create_person(id, &email, Role::Owner).await;
        let path = format!("/api/v1/organizations/{id}/invitations");
        let invited = self.test.post(&path, &owner, json!({ "role": "viewer" })).await.expect(200).data();
        invited["token"].as_str().unwrap().to_owned()
    }

    /// Someone else of the same role.
    async fn create_another(&self, caller: Caller) -> String {
        let role = match caller {
            Viewer => Role::Viewer,
            Member => Role::Member,
            Admin => Role::Admin,
            _ => Role::Owner,
        };
        let email = format!("{}@acme.example", self.test.app.ids.next_uuid());
        self.test.create_person(self.test.organization_id, &email, role).await.token
    }

    /// Makes the state a call needs.
    async fn prepare(&self, path: &str) {
        if path.ends_with("/restore") {
            let end_ms = self.test.app.clock.now_ms() + 1_000;
            self.test
                .execute_control(&format!("UPDATE organization SET delete_after_ms = {end_ms} WHERE name = 'Acme'"))
                .await;
        }
    }

    /// Takes back what a call did to those the next calls are made by.
    async fn take_back(&self, path: &str) {
        let (rival, outsider) = (self.outsider.organization_id.uuid(), self.outsider.account_id.uuid());
        let acme = self.test.organization_id.uuid();
        if path.ends_with("/accept") {
            self.test
                .execute_control(&format!(
                    "DELETE FROM organization WHERE name = 'Elsewhere';
                 UPDATE session SET organization_id = x'{}' WHERE organization_id IS NULL AND account_id = x'{}';
                 UPDATE session SET organization_id = x'{}' WHERE organization_id IS NULL",
                    rival.simple(),
                    outsider.simple(),
                    acme.simple(),
                ))
                .await;
        }
        if path.ends_with("/restore") || path == "/api/v1/organizations/{id}" {
            self.test.execute_control("UPDATE organization SET delete_after_ms = NULL").await;
        }
    }
}

/// Whether the router asks of the caller what the table says.
fn is_same(access: Access, needs: Needs) -> bool {
    match (access, needs) {
        (Access::Public, Nothing(_))
        | (Access::Own, OwnProof(_) | Nothing(_) | Socket)
        | (Access::Account, Account)
        | (Access::AccountOrCookie, Colleague)
        | (Access::Person, SignedIn | PersonGets(_) | Inside | InsideAsMember)
        | (Access::MetricsToken, Staff("appliance.operate")) => true,
        (Access::Session(asked) | Access::SessionOrCookie(asked), Here(said) | HereAsMember(said))
        // Every member may what `Membership` asks; what those get who have a role without it is tested in `organization`.
        | (Access::Organization(asked) | Access::Membership(asked), Path(said))
        // Asked in one that goes on; what is answered in one that ends is tested in `organization`.
        | (Access::EndingOrganization(asked), Ending(said) | Path(said))
        | (Access::Staff(asked), Staff(said) | StaffGets(said, _)) => asked.as_str() == said,
        _ => false,
    }
}

#[test]
fn the_router_asks_what_the_table_says() {
    for route in routes().table() {
        let said = TABLE.iter().find(|(method, path, _needs)| *method == route.method.as_str() && *path == route.path);
        // A route the table lacks is found by the test below.
        let Some((method, path, needs)) = said else { continue };
        assert!(
            is_same(route.access, *needs),
            "{method} {path}: the router asks {:?}, here is {needs:?}",
            route.access
        );
    }
}

#[test]
fn the_table_and_the_router_name_the_same_routes() {
    let in_table: BTreeSet<(String, String)> =
        TABLE.iter().map(|(method, path, _needs)| ((*method).to_owned(), (*path).to_owned())).collect();
    let in_router: BTreeSet<(String, String)> =
        routes().table().iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
    let missing_here: Vec<_> = in_router.difference(&in_table).collect();
    let missing_there: Vec<_> = in_table.difference(&in_router).collect();
    assert!(missing_here.is_empty(), "say here who may use these routes: {missing_here:?}");
    assert!(missing_there.is_empty(), "these routes are gone: {missing_there:?}");
    assert_eq!(in_table.len(), TABLE.len(), "a route is listed twice");
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let world = build().await;
    let mut wrong = Vec::new();
    for (method, path, needs) in TABLE {
        for caller in CALLERS {
            let token = &world.tokens.iter().find(|(kind, _token)| *kind == caller).unwrap().1;
            let expected = expected_status(*needs, caller, path.contains("{id}"));
            let status = if *needs == Socket {
                knock(&world.test, path, token).await
            } else {
                check_call(&world, (method, path), (caller, token)).await
            };
            if !expected.holds(status) {
                wrong.push(format!("{method} {path} as {caller:?}: {status} instead of {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls a route; a refusal must hold nothing but its reason. Signing out is done with a session of its own.
async fn check_call(world: &World, (method, path): (&str, &str), (caller, token): (Caller, &str)) -> u16 {
    if path.ends_with("/logout") && !matches!(caller, Anonymous | Garbage) {
        let token = world.test.sign_in_again(&world.outsider).await.token;
        return world.call((method, path), &token, "").await.status;
    }
    let id = if path.contains("{id}") { world.find_id(path).await } else { String::new() };
    // Leaving is done by someone who is not needed again.
    let leaver = match caller {
        Viewer | Member | Admin | Owner if path.ends_with("/leave") => world.create_another(caller).await,
        _ => token.to_owned(),
    };
    world.prepare(path).await;
    let answer = world.call((method, path), &leaver, &id).await;
    world.take_back(path).await;
    let status = answer.status;
    let code = match status {
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not_found",
        _ => return status,
    };
    let body = answer.expect_refusal(status, code);
    for secret in ["Lena", "bergbahn", "Zürich", "Acme"] {
        assert!(!body.to_string().contains(secret), "{method} {path} as {caller:?} tells {secret}: {body}");
    }
    status
}

/// Opens a socket and answers what the same refusal would be over HTTP.
async fn knock(test: &TestApp, path: &str, token: &str) -> u16 {
    let token = (!token.is_empty()).then_some(token);
    match live::knock(test, path, token).await {
        Knock::Hello(_socket, _hello) => 200,
        Knock::Closed(1008) => 401,
        Knock::Closed(code) => panic!("closed with {code}"),
        Knock::Refused(status) => status,
    }
}

#[tokio::test]
async fn a_record_of_another_organization_answers_like_one_nobody_has() {
    let world = build().await;
    let (token, nobody) = (&world.outsider.token, "018f3c1e-0000-7000-8000-000000000000");
    let mut checked = 0;
    // The staff's routes are open to the staff only: there a stranger learns nothing of ids.
    let is_record = |path: &str, needs: &Needs| path.contains("{id}") && !matches!(needs, Staff(_) | StaffGets(..));
    for (method, path, _needs) in TABLE.iter().filter(|(_method, path, needs)| is_record(path, needs)) {
        let id = world.find_id(path).await;
        let theirs = world.call((method, path), token, &id).await;
        let unknown = world.call((method, path), token, nobody).await;
        assert_eq!((theirs.status, &theirs.text), (unknown.status, &unknown.text), "{method} {path}");
        assert_eq!(theirs.status, 404, "{method} {path}");
        assert_eq!(theirs.header("content-type"), unknown.header("content-type"), "{method} {path}");
        let nonsense = world.call((method, path), token, "nonsense").await;
        nonsense.expect_refusal(404, "not_found");
        checked += 1;
    }
    assert!(checked > 20, "only {checked} routes take an id");
    // The provider's id of a campaign and a mailbox's address name records as well.
    for (path, name) in [
        ("/api/v1/campaigns/{id}", "5f1c7a52-7d0e-4b1c-9a3f-0c1d2e3f4a5b"),
        ("/api/v1/campaigns/{id}/messages", "5f1c7a52-7d0e-4b1c-9a3f-0c1d2e3f4a5b"),
        ("/api/instantly/campaign/{id}/messages", "5f1c7a52-7d0e-4b1c-9a3f-0c1d2e3f4a5b"),
        ("/api/v1/mailboxes/{id}", "anna@acme-mail.example"),
    ] {
        let owner = world.tokens.iter().find(|(caller, _token)| *caller == Owner).unwrap();
        world.call(("GET", path), &owner.1, name).await.expect(200);
        let theirs = world.call(("GET", path), token, name).await;
        let unknown = world.call(("GET", path), token, "nobody@nowhere.example").await;
        assert_eq!((theirs.status, &theirs.text), (unknown.status, &unknown.text), "{path}");
    }
    // Nothing of what the outsider tried had an effect.
    let connections = world.test.get("/api/v1/connections", &world.outsider).await.expect(200).rows();
    assert_eq!(connections, Vec::<Value>::new());
}

/// An organization of one's own is no way to a record of another one.
#[tokio::test]
async fn a_record_below_another_organization_answers_like_one_nobody_has() {
    let world = build().await;
    let (token, nobody) = (&world.outsider.token, "018f3c1e-0000-7000-8000-000000000000");
    let own = world.outsider.organization_id.to_string();
    let mut checked = 0;
    for (method, path, _needs) in TABLE.iter().filter(|(_, path, _)| SUB_IDS.iter().any(|name| path.contains(name))) {
        let theirs = world.find_sub_id(path).await;
        let answer = world.call_with((method, path), token, (&own, &theirs)).await;
        let unknown = world.call_with((method, path), token, (&own, nobody)).await;
        assert_eq!((answer.status, &answer.text), (unknown.status, &unknown.text), "{method} {path}");
        answer.expect_refusal(404, "not_found");
        world.call_with((method, path), token, (&own, "nonsense")).await.expect_refusal(404, "not_found");
        checked += 1;
    }
    assert!(checked >= 6, "only {checked} routes take a second id");
    // A role and a key are named in bodies as well.
    let role_id = &world.records.role;
    let named = json!({ "role": "custom", "role_id": role_id });
    let unknown = json!({ "role": "custom", "role_id": nobody });
    let path = format!("/api/v1/organizations/{own}/invitations");
    let theirs = world.test.post(&path, &world.outsider, named).await.expect_refusal(400, "invalid_field");
    assert_eq!(world.test.post(&path, &world.outsider, unknown).await.expect_refusal(400, "invalid_field"), theirs);
}

#[tokio::test]
async fn lists_hold_nothing_of_another_organization() {
    let world = build().await;
    for (method, path, needs) in TABLE {
        let is_list = *method == "GET" && !path.contains('{') && matches!(needs, Here(_) | Account);
        if is_list {
            let text = world.call((method, path), &world.outsider.token, "").await.expect(200).text;
            for secret in ["Lena", "bergbahn", "Zürich", "acme-mail", "Acme", &world.records.conversation] {
                assert!(!text.contains(secret), "{path} tells {secret}: {text}");
            }
        }
    }
}

/// Who may not read the inbox finds nothing of it in any answer that is theirs to ask for.
#[tokio::test]
async fn no_message_text_reaches_who_may_not_read_the_inbox() {
    let world = build().await;
    let mut checked = 0;
    for caller in [SbOperator, KeyWithoutScope] {
        let token = &world.tokens.iter().find(|(kind, _token)| *kind == caller).unwrap().1;
        for (method, path, needs) in TABLE {
            if *method != "GET" || *needs == Socket || path.starts_with("/docs") {
                continue;
            }
            let id = if path.contains("{id}") { world.find_id(path).await } else { String::new() };
            let answer = world.call((method, path), token, &id).await;
            checked += usize::from(answer.status == 200);
            for part in ["Thursday", "thursday", "call me", "lift control"] {
                assert!(!answer.text.contains(part), "{path} tells {caller:?} {part:?}: {}", answer.text);
            }
        }
    }
    assert!(checked > 20, "only {checked} answers were looked at");
}

#[tokio::test]
async fn organization_id_must_be_the_organization_of_the_session() {
    let world = build().await;
    let owner = &world.tokens.iter().find(|(caller, _token)| *caller == Owner).unwrap().1;
    let (own, foreign) = (world.test.organization_id, world.outsider.organization_id);
    let is_session = |needs: &Needs| matches!(needs, Here(_) | HereAsMember(_));
    for (method, path, _needs) in TABLE.iter().filter(|(_method, _path, needs)| is_session(needs)) {
        let id = if path.contains("{id}") { world.find_id(path).await } else { String::new() };
        let template = *path;
        let path = path.replace("{id}", &id);
        let path = path.as_str();
        let ask = async |organization_id: &str| {
            let query = format!("{path}?organization_id={organization_id}&q=thursday&query=thursday");
            let body = world.body(method, template).await;
            let request = Request { token: Some(owner), body, ..Request::default() };
            world.test.send(Method::from_bytes(method.as_bytes()).unwrap(), &query, request).await
        };
        let body = ask(&foreign.to_string()).await.expect_refusal(403, "forbidden");
        assert_eq!(body["field"], json!("organization_id"), "{method} {path}");
        // Whether the organization exists cannot be learnt.
        let unknown = ask("018f3c1e-0000-7000-8000-000000000000").await.expect_refusal(403, "forbidden");
        assert_eq!(unknown, body, "{method} {path}");
        ask("nonsense").await.expect_refusal(403, "forbidden");
        let status = ask(&own.to_string()).await.status;
        assert!((200..300).contains(&status), "{method} {path} with the own organization: {status}");
    }
}

#[tokio::test]
async fn the_cookie_opens_message_pages_and_nothing_else() {
    let world = build().await;
    let person = world.test.sign_in_again(&world.test.operator).await;
    let cookie = |path: String| {
        let headers = vec![("cookie", person.cookie())];
        world.test.send(Method::GET, path.leak(), Request { headers, ..Request::default() })
    };
    let html = cookie(format!("/api/v1/messages/{}/html", world.records.message)).await.expect(200);
    assert!(html.text.contains("Thursday"), "{}", html.text);
    for (method, path, needs) in TABLE {
        if *method == "GET" && matches!(needs, Here(_) | Path(_) | Staff(_) | Account) && !path.ends_with("/html") {
            let id = if path.contains("{id}") { world.find_id(path).await } else { String::new() };
            cookie(path.replace("{id}", &id)).await.expect_refusal(401, "unauthenticated");
        }
    }
    let wrong = vec![("cookie", "salesbrain_session=wrong".to_owned())];
    let path = format!("/api/v1/messages/{}/html", world.records.message);
    let answer = world.test.send(Method::GET, &path, Request { headers: wrong, ..Request::default() }).await;
    answer.expect_refusal(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_signed_by_another_appliance_is_refused() {
    let (here, there) = (TestApp::start().await, TestApp::start().await);
    here.get("/api/v1/auth/me", &here.operator).await.expect(200);
    there.get("/api/v1/auth/me", &here.operator).await.expect_refusal(401, "unauthenticated");
    // A socket is no way around it.
    match live::knock(&there, "/api/v1/live", Some(&here.operator.token)).await {
        Knock::Refused(status) => assert_eq!(status, 401),
        _ => panic!("a foreign token opened the feed"),
    }
}

#[tokio::test]
async fn a_role_that_is_lowered_takes_effect_at_once() {
    let test = TestApp::start().await;
    let admin = test.create_member(Role::Admin).await;
    test.get("/api/v1/jobs", &admin).await.expect(200);
    let account_id = admin.account_id;
    let lower = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute("UPDATE membership SET role = 'viewer' WHERE account_id = ?1", [account_id])?;
        Ok(())
    };
    test.app.control.write(lower).await.unwrap();
    test.get("/api/v1/jobs", &admin).await.expect_refusal(403, "forbidden");
    let leave = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute("DELETE FROM membership WHERE account_id = ?1", [account_id])?;
        Ok(())
    };
    test.app.control.write(leave).await.unwrap();
    test.get("/api/v1/conversations", &admin).await.expect_refusal(403, "no_organization");
}

/// Some permissions an organization can give.
fn any_rights() -> impl proptest::strategy::Strategy<Value = PermissionSet> {
    let all = PermissionSet::OWNER.iter().collect::<Vec<_>>();
    let count = all.len();
    proptest::strategy::Strategy::prop_map(proptest::sample::subsequence(all, 0..=count), |some| {
        some.into_iter().collect()
    })
}

/// Asks every list with each of the tokens: those of the rights answer, and no others.
async fn expect_lists_of(world: &World, rights: PermissionSet, tokens: &[&str]) {
    for (method, path, needs) in TABLE {
        let Here(permission) = needs else { continue };
        if *method != "GET" || path.contains('{') {
            continue;
        }
        let is_given = rights.has(Permission::parse(permission).unwrap());
        let expected = if is_given { 200 } else { 403 };
        for token in tokens {
            let status = world.call((method, path), token, "").await.status;
            assert_eq!(status, expected, "{path} with {rights:?}");
        }
    }
}

/// A route is answered if, and only if, the role has its permission; and a key's scope is bounded in the same way.
#[test]
fn a_role_of_ones_own_opens_the_routes_of_its_permissions_and_no_others() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(build());
    let test = &world.test;
    let roles = format!("/api/v1/organizations/{}/roles", test.organization_id);
    let (worker, role_path, key) = runtime.block_on(async {
        let worker = test.create_person(test.organization_id, "worker@acme.example", Role::Viewer).await;
        let role_id = create_role(test, &world.operator, "Worker").await;
        let member = format!("/api/v1/organizations/{}/members/{}", test.organization_id, worker.account_id);
        let change = json!({ "role": "custom", "role_id": role_id });
        test.patch_with(&member, &world.operator, change).await.expect(200);
        // Everything a role can have: what bounds it is the role.
        let everything: Vec<Permission> = PermissionSet::OWNER.iter().collect();
        let key = test.create_key(&worker, &everything).await;
        (worker, format!("{roles}/{role_id}"), key)
    });
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 12,
        failure_persistence: None,
        ..Default::default()
    });
    let check = |rights: PermissionSet| {
        runtime.block_on(async {
            // What an owner is, no other role can be.
            let rights = rights.intersection(PermissionSet::ADMIN);
            let change = json!({ "permissions": rights.iter().collect::<Vec<_>>() });
            test.patch_with(&role_path, &world.operator, change).await.expect(200);
            expect_lists_of(&world, rights, &[&worker.token, &key]).await;
        });
        Ok(())
    };
    runner.run(&any_rights(), check).unwrap();
}

/// The handshake itself: a socket route without an upgrade is no way in.
#[tokio::test]
async fn socket_routes_without_an_upgrade_give_nothing() {
    let test = TestApp::start().await;
    for (method, path, _needs) in TABLE.iter().filter(|(_method, _path, needs)| *needs == Socket) {
        assert_eq!(*method, "GET");
        let answer = test.get(path, &test.operator).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text.contains("hello"), "{}", answer.text);
    }
}
