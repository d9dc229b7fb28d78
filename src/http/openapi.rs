//! The OpenAPI document, generated from the handlers, and the page at `/docs` that shows it.
//!
//! `salesbrain openapi` prints it; `openapi.json` in the repository is its snapshot, from which the interface's client
//! is generated. A test holds the snapshot to the handlers and the document to the router.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{health, live, respond};
use crate::account::admin::api as account_admin;
use crate::account::api as account;
use crate::account::avatar::api as avatar;
use crate::account::federation::api as federation;
use crate::account::passkey::api as passkey;
use crate::account::password_change::api as password_change;
use crate::account::registration::api as registration;
use crate::account::second_factor::api as second_factor;
use crate::account::sessions::api as sessions;
use crate::activity::api as activity;
use crate::api_key::api as api_key;
use crate::appliance::across::api as across;
use crate::appliance::api as appliance;
use crate::audit::api as audit;
use crate::campaign::api as campaign;
use crate::channel::instantly::{api as instantly, webhook};
use crate::connection::api as connection;
use crate::contact::api as contact;
use crate::error::{Code, Error, Result};
use crate::inbox::{api as inbox, search_api};
use crate::mail::api as mail;
use crate::mailbox::api as mailbox;
use crate::organization::api as organization;
use crate::organization::invitation::api as invitation;
use crate::organization::member::api as member;
use crate::organization::role::api as role;
use crate::settings::api as settings;

#[derive(OpenApi)]
#[openapi(
    info(title = "Salesbrain", description = "Answers are {\"success\":true,\"data\":…} or {\"success\":false,\"code\":…,\"detail\":…}. Times are UTC milliseconds."),
    modifiers(&Security),
    components(schemas(respond::ErrorBody, crate::inbox::store::View)),
    paths(
        instantly::list_campaign_messages, instantly::list_campaigns, instantly::list_mailboxes, instantly::show_health,
        instantly::search_messages, instantly::find_statistics,
        avatar::find_avatar, avatar::update_avatar, avatar::delete_avatar,
        mail::list_mails, mail::retry_mail,
        settings::show_settings, settings::update_settings, settings::send_test_mail,
        api_key::list_api_keys, api_key::create_api_key, api_key::delete_api_key, api_key::rotate_api_key,
        across::find_campaign_statistics, across::list_campaigns, across::find_mailbox_statistics, across::list_mailboxes,
        account_admin::list_all_accounts, account_admin::update_any_account, account_admin::reset_any_second_factor,
        appliance::list_organizations, appliance::find_organization,
        audit::list_appliance_audit, audit::export_appliance_audit, audit::list_audit, audit::export_audit,
        account::login_with_link, account::login, account::logout, account::find_me, account::update_me, account::refresh,
        registration::show_options, registration::register, registration::verify_email,
        password_change::change_email, password_change::forgot_password, password_change::reset_password,
        password_change::update_password,
        second_factor::find_second_factor, second_factor::show_second_factor, second_factor::create_totp,
        second_factor::verify_totp, second_factor::delete_totp, second_factor::create_recovery_codes,
        sessions::list_sessions, sessions::delete_sessions, sessions::delete_session,
        federation::list_providers, federation::update_provider, federation::delete_provider,
        federation::list_identities, federation::delete_identity, federation::finish_oauth, federation::start_oauth,
        federation::list_sign_in_providers,
        passkey::sign_in, passkey::start_sign_in, passkey::list_passkeys, passkey::create_passkey,
        passkey::start_registration, passkey::update_passkey, passkey::delete_passkey,
        campaign::list_campaigns, campaign::find_campaign, campaign::list_campaign_days, campaign::list_campaign_messages,
        connection::list_connections, connection::create_connection, connection::find_connection,
        connection::delete_connection, connection::update_secret,
        contact::list_contacts, contact::find_contact, contact::list_contact_conversations,
        inbox::list_conversations, inbox::count_conversations, inbox::find_conversation, inbox::archive_conversation,
        inbox::list_messages, inbox::read_conversation, inbox::list_timeline, inbox::unarchive_conversation,
        inbox::unread_conversation, inbox::show_message_html,
        activity::list_events, activity::list_jobs, activity::retry_job,
        invitation::accept_invitation, invitation::show_invitation,
        live::live,
        mailbox::list_mailboxes, mailbox::find_mailbox, mailbox::list_mailbox_days,
        organization::list_organizations, organization::create_organization, organization::find_organization,
        organization::update_organization, organization::delete_organization, organization::leave_organization,
        organization::restore_organization, organization::switch_organization,
        invitation::list_invitations, invitation::create_invitation, invitation::delete_invitation,
        member::list_members, invitation::create_member, member::update_member, member::delete_member,
        member::reset_member_second_factor,
        role::list_roles, role::create_role, role::update_role, role::delete_role, role::list_permissions,
        activity::list_deliveries, activity::find_delivery, activity::replay_delivery,
        search_api::search, activity::reindex,
        account::show_setup, account::create_setup,
        campaign::find_statistics, health::show_status, connection::list_unrouted_events,
        health::show_health, webhook::receive_webhook, webhook::receive_webhook_with_token,
    )
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("session", SecurityScheme::Http(bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(super::access::COOKIE));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
        // The package names no licence, and an empty one in the document is not valid.
        document.info.license = None;
    }
}

/// The document as pretty JSON with a final line break.
pub fn document_text() -> std::result::Result<String, serde_json::Error> {
    let mut text = Document::openapi().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// Method and path of every documented route.
pub fn documented_routes() -> Vec<(String, String)> {
    let value = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let mut routes = Vec::new();
    for (path, item) in value.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten() {
        let methods = item.as_object().into_iter().flatten().map(|(method, _operation)| method.to_uppercase());
        routes.extend(methods.map(|method| (method, path.clone())));
    }
    routes
}

/// The document.
pub async fn serve_document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

/// `/docs` without a slash.
pub async fn redirect_to_docs() -> Redirect {
    Redirect::permanent("/docs/index.html")
}

static CONFIG: LazyLock<Arc<utoipa_swagger_ui::Config<'static>>> =
    LazyLock::new(|| Arc::new(utoipa_swagger_ui::Config::from("/openapi.json")));

/// The page's files.
pub async fn serve_docs(Path(path): Path<String>) -> Result<Response> {
    let served = utoipa_swagger_ui::serve(&path, Arc::clone(&CONFIG));
    let file = served.map_err(|error| Error::internal(error.to_string()))?;
    let Some(file) = file else { return Err(Error::new(Code::NoSuchRoute, "there is no such route")) };
    let mut response = ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response();
    // The page sets its styles by script, which no policy stops, and shows small images of its own; it may talk to this
    // server only. The hash is that of the style its logo brings: of another version's logo only the colour would miss.
    let policy = "default-src 'none'; script-src 'self'; \
                  style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; \
                  connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}
