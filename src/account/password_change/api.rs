//! Routes that change the password or the address of an account.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request_reset;
use crate::account::registration::api::MailSent;
use crate::account::second_factor::Proof;
use crate::account::session::Client;
use crate::app::App;
use crate::error::Result;
use crate::http::access::Identity;
use crate::http::extract::Body;
use crate::http::respond::Answer;

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotRequest {
    /// Sign-in address.
    email: String,
}

/// Sends a link that sets a new password. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/api/v1/auth/forgot-password", tag = "session", request_body = ForgotRequest, responses((status = 200, body = Answer<MailSent>), (status = 429, description = "too many attempts")))]
pub async fn forgot_password(
    State(app): State<App>,
    client: Client,
    Body(request): Body<ForgotRequest>,
) -> Result<Answer<MailSent>> {
    request_reset(&app, &client, &request.email)?;
    Ok(MailSent::answer())
}

/// A new password by link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// What follows the `#` of the link.
    token: String,
    /// At least 10 characters, and not a common one.
    password: String,
}

/// The password was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Always `changed`.
    state: &'static str,
}

/// Sets a new password by a link from a mail, and ends all sessions. The second factor stays.
#[utoipa::path(post, path = "/api/v1/auth/reset-password", tag = "session", request_body = ResetRequest, responses((status = 200, body = Answer<Changed>), (status = 401, description = "used or ended")))]
pub async fn reset_password(
    State(app): State<App>,
    client: Client,
    Body(request): Body<ResetRequest>,
) -> Result<Answer<Changed>> {
    app.reset_password(&client, request.token, request.password).await?;
    Ok(Answer::new(Changed { state: "changed" }))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The one until now; absent if the account has none.
    current_password: Option<String>,
    /// A code of the authenticator, or a recovery code: for an account that has these and no password.
    code: Option<String>,
    /// At least 10 characters, and not a common one.
    password: String,
}

/// An answer that says nothing but that it worked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {}

/// Changes the password, and ends all other sessions.
#[utoipa::path(put, path = "/api/v1/auth/password", tag = "session", request_body = PasswordRequest, responses((status = 200, body = Answer<Done>), (status = 400, description = "the current password is wrong, or the new one too weak")), security(("session" = [])))]
pub async fn update_password(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<PasswordRequest>,
) -> Result<Answer<Done>> {
    let proof = Proof { password: request.current_password, code: request.code };
    app.change_password(&identity, proof, request.password).await?;
    Ok(Answer::new(Done {}))
}

/// A new address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailRequest {
    /// The new sign-in address.
    email: String,
    /// The account's password; absent if it has none.
    password: Option<String>,
    /// A code of the authenticator, or a recovery code: for an account that has these and no password.
    code: Option<String>,
}

/// Sends a link to a new address; the account has it once the link was opened.
#[utoipa::path(post, path = "/api/v1/auth/email", tag = "session", request_body = EmailRequest, responses((status = 200, body = Answer<MailSent>), (status = 400, description = "the password is wrong")), security(("session" = [])))]
pub async fn change_email(
    State(app): State<App>,
    identity: Identity,
    Body(request): Body<EmailRequest>,
) -> Result<Answer<MailSent>> {
    let proof = Proof { password: request.password, code: request.code };
    app.request_email_change(&identity, &request.email, proof).await?;
    Ok(MailSent::answer())
}
