//! Routes of registering and of proving an address.

use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Newcomer, Registered};
use crate::account::api::{answer, answer_entered};
use crate::account::factor::SignInAnswer;
use crate::account::federation::{self, model::ProviderSummary};
use crate::account::model::{Language, Session};
use crate::account::passkey::ceremony;
use crate::account::session::Client;
use crate::app::App;
use crate::error::Result;
use crate::http::extract::Body;
use crate::http::peer::Host;
use crate::http::respond::Answer;
use crate::settings::{self, Registration, smtp};

/// How one gets in here.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInOptions {
    /// Who may register.
    registration: Registration,
    /// Links reach people by mail; without a mail server an administrator passes them on.
    is_mail_configured: bool,
    /// Other services one can sign in with.
    providers: Vec<ProviderSummary>,
    /// The appliance's address allows passkeys: a name reached over TLS, or this machine.
    is_passkey_possible: bool,
}

/// How one gets in here.
#[utoipa::path(get, path = "/api/v1/auth/options", tag = "session", responses((status = 200, body = Answer<SignInOptions>)))]
pub async fn show_options(State(app): State<App>, parts: Parts) -> Result<Answer<SignInOptions>> {
    let (registration, is_mail_configured, providers) = app
        .control
        .read(|connection| -> std::result::Result<_, crate::store::Error> {
            let providers = federation::store::list_provider_summaries(connection)?;
            Ok((settings::find_registration(connection)?, smtp::find(connection)?.is_some(), providers))
        })
        .await?;
    let is_passkey_possible = ceremony::origin_of(&app.config, Host::of(&parts.headers).as_ref()).is_some();
    Ok(Answer::new(SignInOptions { registration, is_mail_configured, providers, is_passkey_possible }))
}

/// What someone registers with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// Sign-in address.
    email: String,
    /// At least 10 characters, and not a common one.
    password: String,
    /// Name to show; absent takes the address's first part.
    #[serde(default)]
    name: String,
    /// Language of the interface and of mails.
    language: Option<Language>,
    /// Name of an organization to make, where registration is open.
    #[serde(default)]
    organization_name: String,
    /// What follows the `#` of an invitation's link.
    invitation_token: Option<String>,
}

/// A mail is on its way, whoever the address belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailSent {
    /// Always `mail_sent`.
    state: &'static str,
}

impl MailSent {
    /// The one answer there is.
    pub(in crate::account) const fn answer() -> Answer<Self> {
        Answer::new(Self { state: "mail_sent" })
    }
}

/// The answer to a registration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum RegisterAnswer {
    /// A mail is on its way.
    MailSent(MailSent),
    /// Signed in: an invitation bound to the address proved it.
    Session(Box<Session>),
}

/// Registers. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "session", request_body = RegisterRequest, responses((status = 200, body = Answer<RegisterAnswer>), (status = 403, description = "registration_closed"), (status = 429, description = "too many attempts")))]
pub async fn register(State(app): State<App>, parts: Parts, Body(request): Body<RegisterRequest>) -> Result<Response> {
    let newcomer = Newcomer {
        email: request.email,
        password: request.password,
        name: request.name,
        language: request.language.unwrap_or(Language::En),
        organization_name: request.organization_name,
        invitation_token: request.invitation_token.filter(|token| !token.is_empty()),
    };
    match app.register(&Client::of(&parts, &app), newcomer).await? {
        Registered::MailSent => Ok(MailSent::answer().into_response()),
        Registered::Session(signed_in) => Ok(answer(&app, *signed_in, &parts.headers)),
    }
}

/// A verification link's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// What follows the `#` of the link.
    token: String,
}

/// Opens a verification link: makes the account, or gives it its new address.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "session", request_body = VerifyRequest, responses((status = 200, body = Answer<SignInAnswer>), (status = 401, description = "used or ended")))]
pub async fn verify_email(
    State(app): State<App>,
    parts: Parts,
    Body(request): Body<VerifyRequest>,
) -> Result<Response> {
    let entered = app.verify_email(&Client::of(&parts, &app), request.token).await?;
    Ok(answer_entered(&app, entered, &parts.headers))
}
