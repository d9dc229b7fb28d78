//! Routes of the appliance's settings.

use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Registration;
use super::smtp::{self, Security, StoredSmtp};
use crate::account::model::parse_email;
use crate::app::App;
use crate::audit::{Entry, Record};
use crate::error::{Code, Error, Result};
use crate::http::access::Identity;
use crate::http::extract::Body;
use crate::http::respond::Answer;
use crate::mail;
use crate::store::{Error as StoreError, Tx};

/// The mail server as an administrator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmtpView {
    /// Name or address of the server.
    host: String,
    /// Its port.
    port: u16,
    /// User name; empty if the server asks for none.
    user: String,
    /// How the connection is protected.
    security: Security,
    /// Who our mail is from.
    from: String,
    /// A password is stored; it is never shown.
    has_password: bool,
}

impl From<StoredSmtp> for SmtpView {
    fn from(stored: StoredSmtp) -> Self {
        let StoredSmtp { host, port, user, security, from, password } = stored;
        Self { host, port, user, security, from, has_password: password.is_some() }
    }
}

/// The appliance's settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// Who may register.
    registration: Registration,
    /// The mail server; `null` if none is configured.
    smtp: Option<SmtpView>,
}

/// The appliance's settings.
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "administration", responses((status = 200, body = Answer<SettingsView>)), security(("session" = [])))]
pub async fn show_settings(State(app): State<App>) -> Result<Answer<SettingsView>> {
    Ok(Answer::new(app.control.read(find_settings).await?))
}

fn find_settings(connection: &rusqlite::Connection) -> std::result::Result<SettingsView, StoreError> {
    let registration = super::find_registration(connection)?;
    Ok(SettingsView { registration, smtp: smtp::find(connection)?.map(SmtpView::from) })
}

/// The mail server to use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpRequest {
    /// Name or address of the server.
    host: String,
    /// Its port.
    port: u16,
    /// User name; empty if the server asks for none.
    #[serde(default)]
    user: String,
    /// The password; absent leaves the stored one, empty forgets it.
    password: Option<String>,
    /// How the connection is protected.
    security: Security,
    /// Who our mail is from: an address, or `Name <address>`.
    from: String,
    /// As the settings show it; ignored.
    #[serde(default)]
    #[expect(dead_code, reason = "what was read may be sent back")]
    has_password: Option<bool>,
}

/// What may change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsRequest {
    /// Who may register.
    registration: Option<Registration>,
    /// The mail server; `null` forgets it.
    #[serde(default)]
    #[schema(value_type = Option<SmtpRequest>)]
    smtp: Change<SmtpRequest>,
}

/// What happens to a setting that may be forgotten.
#[derive(Default)]
enum Change<T> {
    /// It was absent.
    #[default]
    Stays,
    /// It was `null`.
    Forgotten,
    /// It was there.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Forgotten, Self::Set))
    }
}

/// Changes the appliance's settings. Mail that was held for want of a server is sent when there is one.
#[utoipa::path(put, path = "/api/v1/admin/settings", tag = "administration", request_body = SettingsRequest, responses((status = 200, body = Answer<SettingsView>)), security(("session" = [])))]
pub async fn update_settings(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<SettingsRequest>,
) -> Result<Answer<SettingsView>> {
    if let Change::Set(smtp) = &request.smtp {
        check(smtp)?;
    }
    let inner = App::clone(&app);
    let work = move |tx: &Tx<'_>| -> Result<SettingsView> {
        if let Some(registration) = request.registration {
            change_registration(&inner, tx, &identity, registration)?;
        }
        match &request.smtp {
            Change::Stays => {}
            Change::Forgotten => change_smtp(&inner, tx, &identity, None)?,
            Change::Set(smtp) => change_smtp(&inner, tx, &identity, Some(smtp))?,
        }
        Ok(find_settings(tx.connection())?)
    };
    let view = app.control.write(work).await?;
    app.wake_mail();
    Ok(Answer::new(view))
}

fn check(request: &SmtpRequest) -> Result<()> {
    let is_host = !request.host.trim().is_empty()
        && request.host.len() <= 253
        && !request
            .host
            .contains(|letter: char| letter.is_whitespace() || letter.is_control() || "/@".contains(letter));
    if !is_host {
        return Err(Error::invalid_field("smtp.host", "this is not the name or address of a server"));
    }
    if request.port == 0 {
        return Err(Error::invalid_field("smtp.port", "a port is a number from 1 to 65535"));
    }
    if !mail::is_sender(&request.from) {
        return Err(Error::invalid_field("smtp.from", "this is neither an e-mail address nor Name <address>"));
    }
    Ok(())
}

fn change_registration(app: &App, tx: &Tx<'_>, identity: &Identity, registration: Registration) -> Result<()> {
    let before = super::find_registration(tx.connection())?;
    if before == registration {
        return Ok(());
    }
    super::update_registration(tx, registration)?;
    let entry = Entry::new(identity.who(), "setting.updated", Record::new("setting", &"registration", "registration"));
    let (before, after) = (json!({ "registration": before }), json!({ "registration": registration }));
    Ok(app.audit.append(tx, entry.changed(before, after))?)
}

fn change_smtp(app: &App, tx: &Tx<'_>, identity: &Identity, request: Option<&SmtpRequest>) -> Result<()> {
    let before = smtp::find(tx.connection())?;
    let is_password_new = request.is_some_and(|request| request.password.is_some());
    let after = match request {
        None => None,
        Some(request) => Some(to_stored(app, request, before.as_ref())?),
    };
    match &after {
        None => smtp::delete(tx)?,
        Some(stored) => {
            smtp::update(tx, stored)?;
            mail::release_held(tx)?;
        }
    }
    let show = |stored: Option<StoredSmtp>| stored.map_or_else(|| json!({}), |stored| json!(SmtpView::from(stored)));
    let mut after: Value = show(after);
    if let (true, Some(fields)) = (is_password_new, after.as_object_mut()) {
        fields.insert("is_password_new".to_owned(), json!(true));
    }
    let entry = Entry::new(identity.who(), "setting.updated", Record::new("setting", &"smtp", "smtp"));
    Ok(app.audit.append(tx, entry.changed(show(before), after))?)
}

fn to_stored(app: &App, request: &SmtpRequest, before: Option<&StoredSmtp>) -> Result<StoredSmtp> {
    let (host, user) = (request.host.trim().to_owned(), request.user.trim().to_owned());
    let password = match request.password.as_deref() {
        Some("") => None,
        Some(password) => Some(smtp::seal_password(&app.keyring, password)?),
        // A password goes to the server it was entered for, and to no other.
        None => before.filter(|before| before.host == host && before.user == user).and_then(|it| it.password.clone()),
    };
    let (port, security, from) = (request.port, request.security, request.from.trim().to_owned());
    Ok(StoredSmtp { host, port, user, security, from, password })
}

/// Where the test goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMailRequest {
    /// An address.
    address: String,
}

/// An answer that says nothing but that it worked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nothing {}

/// Sends a mail now, and answers what the server said if it does not take it.
#[utoipa::path(post, path = "/api/v1/admin/settings/test-mail", tag = "administration", request_body = TestMailRequest, responses((status = 200, body = Answer<Nothing>), (status = 400, description = "mail_failed: what the server said")), security(("session" = [])))]
pub async fn send_test_mail(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<TestMailRequest>,
) -> Result<Answer<Nothing>> {
    let Some(address) = parse_email(&request.address) else {
        return Err(Error::invalid_field("address", "this is not an e-mail address"));
    };
    let Some(stored) = app.control.read(smtp::find).await? else {
        return Err(Error::new(Code::MailFailed, "no mail server is configured"));
    };
    let server = stored.open(&app.keyring)?;
    let language = identity.standing.me.account.language;
    mail::send_test(&app, &server, &address, language).await.map_err(|error| {
        let reason = mail::reason(&error);
        Error::new(Code::MailFailed, format!("the mail server did not take it: {reason}")).because(error)
    })?;
    Ok(Answer::new(Nothing {}))
}
