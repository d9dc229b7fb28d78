//! Routes of the second factor.

use axum::extract::State;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Proof, find_overview};
use crate::account::api::answer;
use crate::account::model::Session;
use crate::account::password_change::api::Done;
use crate::account::session::Client;
use crate::app::App;
use crate::error::Result;
use crate::http::access::Identity;
use crate::http::extract::Body;
use crate::http::respond::Answer;

/// The second step of signing in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRequest {
    /// As the first step answered it.
    token: String,
    /// A code of the authenticator, or a recovery code.
    code: String,
}

/// Signs in with the second factor.
#[utoipa::path(post, path = "/api/v1/auth/second-factor", tag = "session", request_body = SecondFactorRequest, responses((status = 200, body = Answer<Session>), (status = 400, description = "the code is wrong"), (status = 401, description = "sign in again"), (status = 429, description = "too many attempts")))]
pub async fn show_second_factor(
    State(app): State<App>,
    parts: Parts,
    Body(request): Body<SecondFactorRequest>,
) -> Result<Response> {
    let client = Client::of(&parts, &app);
    let signed_in = app.show_second_factor(&client, request.token, request.code).await?;
    Ok(answer(&app, signed_in, &parts.headers))
}

/// An authenticator.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpState {
    /// Since when its codes are in force, UTC milliseconds; `null` if they are not.
    confirmed_at_ms: Option<i64>,
}

/// What an account has as its second factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecondFactorState {
    /// The authenticator.
    totp: TotpState,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
    /// How many passkeys there are.
    passkeys: i64,
    /// An organization of the account's asks for a second factor.
    is_required: bool,
}

/// What the account has as its second factor.
#[utoipa::path(get, path = "/api/v1/auth/second-factor", tag = "session", responses((status = 200, body = Answer<SecondFactorState>)), security(("session" = [])))]
pub async fn find_second_factor(State(app): State<App>, identity: Identity) -> Result<Answer<SecondFactorState>> {
    let id = identity.standing.me.account.id;
    let overview = app.control.read(move |connection| find_overview(connection, id)).await?;
    Ok(Answer::new(SecondFactorState {
        totp: TotpState { confirmed_at_ms: overview.totp_confirmed_at_ms },
        recovery_codes_left: overview.recovery_codes,
        passkeys: overview.passkeys,
        is_required: overview.is_required,
    }))
}

/// What an authenticator needs. Shown once.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpEnrolment {
    /// For typing.
    secret: String,
    /// For the authenticator.
    uri: String,
    /// The same as a picture, to be scanned.
    qr_svg: String,
}

/// Begins the enrolment of an authenticator; it is in force once it has shown a code. Needs the password or a code, if the
/// account has one.
#[utoipa::path(post, path = "/api/v1/auth/totp", tag = "session", request_body = ProofRequest, responses((status = 200, body = Answer<TotpEnrolment>), (status = 400, description = "the proof is wrong"), (status = 409, description = "one is in force")), security(("session" = [])))]
pub async fn create_totp(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<ProofRequest>,
) -> Result<Answer<TotpEnrolment>> {
    let enrolment = app.begin_totp(&identity, request.into()).await?;
    let (secret, uri, qr_svg) = (enrolment.secret, enrolment.uri, enrolment.picture);
    Ok(Answer::new(TotpEnrolment { secret, uri, qr_svg }))
}

/// The authenticator's first code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Six digits.
    code: String,
}

/// Codes for the day the second factor is lost.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each works once. Shown once.
    recovery_codes: Vec<String>,
}

/// Puts the authenticator in force.
#[utoipa::path(post, path = "/api/v1/auth/totp/verify", tag = "session", request_body = CodeRequest, responses((status = 200, body = Answer<RecoveryCodes>), (status = 400, description = "the code is wrong")), security(("session" = [])))]
pub async fn verify_totp(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<CodeRequest>,
) -> Result<Answer<RecoveryCodes>> {
    let recovery_codes = app.confirm_totp(&identity, request.code).await?;
    Ok(Answer::new(RecoveryCodes { recovery_codes }))
}

/// Proof that it is the owner of the account who asks: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofRequest {
    /// The account's password.
    password: Option<String>,
    /// A code of the authenticator, or a recovery code.
    code: Option<String>,
}

impl From<ProofRequest> for Proof {
    fn from(ProofRequest { password, code }: ProofRequest) -> Self {
        Self { password, code }
    }
}

/// Switches the authenticator off.
#[utoipa::path(delete, path = "/api/v1/auth/totp", tag = "session", request_body = ProofRequest, responses((status = 200, body = Answer<Done>), (status = 400, description = "the proof is wrong")), security(("session" = [])))]
pub async fn delete_totp(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<ProofRequest>,
) -> Result<Answer<Done>> {
    app.remove_totp(&identity, request.into()).await?;
    Ok(Answer::new(Done {}))
}

/// New recovery codes in place of the old ones.
#[utoipa::path(post, path = "/api/v1/auth/recovery-codes", tag = "session", request_body = ProofRequest, responses((status = 200, body = Answer<RecoveryCodes>), (status = 400, description = "the proof is wrong"), (status = 409, description = "there is no second factor")), security(("session" = [])))]
pub async fn create_recovery_codes(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<ProofRequest>,
) -> Result<Answer<RecoveryCodes>> {
    let recovery_codes = app.create_recovery_codes(&identity, request.into()).await?;
    Ok(Answer::new(RecoveryCodes { recovery_codes }))
}
