//! Every route of the program, in URL order, with what it asks of its caller.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Router, middleware as layers};

use super::access::{self, Access, Gate};
use super::{aliases, assets, cors, health, live, metrics, middleware, openapi, rate};
use crate::account::admin::api as account_admin;
use crate::account::api as account;
use crate::account::avatar::api as avatar;
use crate::account::federation::api as federation;
use crate::account::passkey::api as passkey;
use crate::account::password_change::api as password_change;
use crate::account::permission::Permission::{
    ApiKeysManage, ApplianceAdminister, ApplianceOperate, AuditRead, CampaignsRead, ConnectionsManage, ConnectionsRead,
    ContactsRead, InboxChange, InboxRead, MembersManage, MembersRead, OperationsManage, OrganizationManage,
    OrganizationOwn, PayloadsRead, RolesManage,
};
use crate::account::registration::api as registration;
use crate::account::second_factor::api as second_factor;
use crate::account::sessions::api as sessions;
use crate::activity::api as activity;
use crate::api_key::api as api_key;
use crate::app::App;
use crate::appliance::across::api as across;
use crate::appliance::api as appliance;
use crate::audit::api as audit;
use crate::campaign::api as campaign;
use crate::channel::instantly::{api as instantly, webhook};
use crate::connection::api as connection;
use crate::contact::api as contact;
use crate::error::{Code, Error};
use crate::inbox::{api as inbox, search_api};
use crate::mail::api as mail;
use crate::mailbox::api as mailbox;
use crate::organization::api as organization;
use crate::organization::invitation::api as invitation;
use crate::organization::member::api as member;
use crate::organization::role::api as role;
use crate::settings::api as settings;

use Access::{
    Account, AccountOrCookie, EndingOrganization, Membership, MetricsToken, Organization, Own, Person, Public, Session,
    SessionOrCookie, Staff,
};

/// All routes.
#[expect(clippy::too_many_lines, reason = "one line per route, and nothing else")]
#[rustfmt::skip]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/instantly/admin/campaign/{id}/stats", Staff(ApplianceOperate), across::find_campaign_statistics)
        .get("/api/instantly/admin/campaigns", Staff(ApplianceOperate), across::list_campaigns)
        .get("/api/instantly/admin/email-account/{id}/stats", Staff(ApplianceOperate), across::find_mailbox_statistics)
        .get("/api/instantly/admin/email-accounts", Staff(ApplianceOperate), across::list_mailboxes)
        .get("/api/instantly/campaign/{id}/messages", Session(InboxRead), instantly::list_campaign_messages)
        .get("/api/instantly/campaigns", Session(CampaignsRead), instantly::list_campaigns)
        .get("/api/instantly/email-accounts", Session(CampaignsRead), instantly::list_mailboxes)
        .get("/api/instantly/health", Session(ConnectionsRead), instantly::show_health)
        .get("/api/instantly/search/messages", Session(InboxRead), instantly::search_messages)
        .get("/api/instantly/stats", Session(CampaignsRead), instantly::find_statistics)
        .get("/api/v1/accounts/{id}/avatar", AccountOrCookie, avatar::find_avatar)
        .get("/api/v1/admin/accounts", Staff(ApplianceAdminister), account_admin::list_all_accounts)
        .patch("/api/v1/admin/accounts/{id}", Staff(ApplianceAdminister), account_admin::update_any_account)
        .post("/api/v1/admin/accounts/{id}/reset-second-factor", Staff(ApplianceAdminister), account_admin::reset_any_second_factor)
        .get("/api/v1/admin/audit", Staff(ApplianceAdminister), audit::list_appliance_audit)
        .get("/api/v1/admin/audit/export", Staff(ApplianceAdminister), audit::export_appliance_audit)
        .get("/api/v1/admin/mails", Staff(ApplianceAdminister), mail::list_mails)
        .post("/api/v1/admin/mails/{id}/retry", Staff(ApplianceAdminister), mail::retry_mail)
        .get("/api/v1/admin/organizations", Staff(ApplianceOperate), appliance::list_organizations)
        .get("/api/v1/admin/organizations/{id}", Staff(ApplianceOperate), appliance::find_organization)
        .get("/api/v1/admin/providers", Staff(ApplianceAdminister), federation::list_providers)
        .put("/api/v1/admin/providers/{id}", Staff(ApplianceAdminister), federation::update_provider)
        .delete("/api/v1/admin/providers/{id}", Staff(ApplianceAdminister), federation::delete_provider)
        .get("/api/v1/admin/settings", Staff(ApplianceAdminister), settings::show_settings)
        .put("/api/v1/admin/settings", Staff(ApplianceAdminister), settings::update_settings)
        .post("/api/v1/admin/settings/test-mail", Staff(ApplianceAdminister), settings::send_test_mail)
        .get("/api/v1/api-keys", Session(ApiKeysManage), api_key::list_api_keys)
        .post("/api/v1/api-keys", Session(ApiKeysManage), api_key::create_api_key)
        .delete("/api/v1/api-keys/{id}", Session(ApiKeysManage), api_key::delete_api_key)
        .post("/api/v1/api-keys/{id}/rotate", Session(ApiKeysManage), api_key::rotate_api_key)
        .get("/api/v1/audit", Session(AuditRead), audit::list_audit)
        .get("/api/v1/audit/export", Session(AuditRead), audit::export_audit)
        .post("/api/v1/auth/email", Person, password_change::change_email)
        .post("/api/v1/auth/forgot-password", Public, password_change::forgot_password)
        .get("/api/v1/auth/identities", Person, federation::list_identities)
        .delete("/api/v1/auth/identities/{id}", Person, federation::delete_identity)
        .post("/api/v1/auth/link", Public, account::login_with_link)
        .post("/api/v1/auth/login", Public, account::login)
        .post("/api/v1/auth/logout", Own, account::logout)
        .get("/api/v1/auth/me", Account, account::find_me)
        .put("/api/v1/auth/me", Person, account::update_me)
        .post("/api/v1/auth/oauth/{provider}", Public, federation::finish_oauth)
        .post("/api/v1/auth/oauth/{provider}/start", Public, federation::start_oauth)
        .get("/api/v1/auth/options", Public, registration::show_options)
        .post("/api/v1/auth/passkey", Public, passkey::sign_in)
        .post("/api/v1/auth/passkey/start", Public, passkey::start_sign_in)
        .get("/api/v1/auth/passkeys", Person, passkey::list_passkeys)
        .post("/api/v1/auth/passkeys", Person, passkey::create_passkey)
        .post("/api/v1/auth/passkeys/start", Person, passkey::start_registration)
        .patch("/api/v1/auth/passkeys/{id}", Person, passkey::update_passkey)
        .delete("/api/v1/auth/passkeys/{id}", Person, passkey::delete_passkey)
        .put("/api/v1/auth/password", Person, password_change::update_password)
        .get("/api/v1/auth/providers", Public, federation::list_sign_in_providers)
        .post("/api/v1/auth/recovery-codes", Person, second_factor::create_recovery_codes)
        .post("/api/v1/auth/refresh", Own, account::refresh)
        .post("/api/v1/auth/register", Public, registration::register)
        .post("/api/v1/auth/reset-password", Public, password_change::reset_password)
        .get("/api/v1/auth/second-factor", Person, second_factor::find_second_factor)
        .post("/api/v1/auth/second-factor", Public, second_factor::show_second_factor)
        .get("/api/v1/auth/sessions", Person, sessions::list_sessions)
        .delete("/api/v1/auth/sessions", Person, sessions::delete_sessions)
        .delete("/api/v1/auth/sessions/{id}", Person, sessions::delete_session)
        .post("/api/v1/auth/totp", Person, second_factor::create_totp)
        .delete("/api/v1/auth/totp", Person, second_factor::delete_totp)
        .post("/api/v1/auth/totp/verify", Person, second_factor::verify_totp)
        .post("/api/v1/auth/verify-email", Public, registration::verify_email)
        .get("/api/v1/campaigns", Session(CampaignsRead), campaign::list_campaigns)
        .get("/api/v1/campaigns/{id}", Session(CampaignsRead), campaign::find_campaign)
        .get("/api/v1/campaigns/{id}/daily", Session(CampaignsRead), campaign::list_campaign_days)
        .get("/api/v1/campaigns/{id}/messages", Session(InboxRead), campaign::list_campaign_messages)
        .get("/api/v1/connections", Session(ConnectionsRead), connection::list_connections)
        .post("/api/v1/connections", Session(ConnectionsManage), connection::create_connection)
        .get("/api/v1/connections/{id}", Session(ConnectionsRead), connection::find_connection)
        .delete("/api/v1/connections/{id}", Session(ConnectionsManage), connection::delete_connection)
        .post("/api/v1/connections/{id}/secret", Session(ConnectionsManage), connection::update_secret)
        .get("/api/v1/contacts", Session(ContactsRead), contact::list_contacts)
        .get("/api/v1/contacts/{id}", Session(ContactsRead), contact::find_contact)
        .get("/api/v1/contacts/{id}/conversations", Session(InboxRead), contact::list_contact_conversations)
        .get("/api/v1/conversations", Session(InboxRead), inbox::list_conversations)
        .get("/api/v1/conversations/counts", Session(InboxRead), inbox::count_conversations)
        .get("/api/v1/conversations/{id}", Session(InboxRead), inbox::find_conversation)
        .patch("/api/v1/conversations/{id}/archive", Session(InboxChange), inbox::archive_conversation)
        .get("/api/v1/conversations/{id}/messages", Session(InboxRead), inbox::list_messages)
        .patch("/api/v1/conversations/{id}/read", Session(InboxChange), inbox::read_conversation)
        .get("/api/v1/conversations/{id}/timeline", Session(InboxRead), inbox::list_timeline)
        .patch("/api/v1/conversations/{id}/unarchive", Session(InboxChange), inbox::unarchive_conversation)
        .patch("/api/v1/conversations/{id}/unread", Session(InboxChange), inbox::unread_conversation)
        .get("/api/v1/events", Session(InboxRead), activity::list_events)
        .post("/api/v1/invitations/accept", Person, invitation::accept_invitation)
        .post("/api/v1/invitations/show", Public, invitation::show_invitation)
        .get("/api/v1/jobs", Session(OperationsManage), activity::list_jobs)
        .post("/api/v1/jobs/{id}/retry", Session(OperationsManage), activity::retry_job)
        .get("/api/v1/live", Own, live::live)
        .get("/api/v1/mailboxes", Session(CampaignsRead), mailbox::list_mailboxes)
        .get("/api/v1/mailboxes/{id}", Session(CampaignsRead), mailbox::find_mailbox)
        .get("/api/v1/mailboxes/{id}/daily", Session(CampaignsRead), mailbox::list_mailbox_days)
        .get("/api/v1/messages/{id}/html", SessionOrCookie(InboxRead), inbox::show_message_html)
        .get("/api/v1/organizations", Account, organization::list_organizations)
        .post("/api/v1/organizations", Person, organization::create_organization)
        .get("/api/v1/organizations/{id}", Membership(MembersRead), organization::find_organization)
        .patch("/api/v1/organizations/{id}", Organization(OrganizationManage), organization::update_organization)
        .delete("/api/v1/organizations/{id}", EndingOrganization(OrganizationOwn), organization::delete_organization)
        .get("/api/v1/organizations/{id}/invitations", Organization(MembersRead), invitation::list_invitations)
        .post("/api/v1/organizations/{id}/invitations", Organization(MembersManage), invitation::create_invitation)
        .delete("/api/v1/organizations/{id}/invitations/{invitation_id}", Organization(MembersManage), invitation::delete_invitation)
        .post("/api/v1/organizations/{id}/leave", Person, organization::leave_organization)
        .get("/api/v1/organizations/{id}/members", Organization(MembersRead), member::list_members)
        .post("/api/v1/organizations/{id}/members", Organization(MembersManage), invitation::create_member)
        .patch("/api/v1/organizations/{id}/members/{account_id}", Organization(MembersManage), member::update_member)
        .delete("/api/v1/organizations/{id}/members/{account_id}", Organization(MembersManage), member::delete_member)
        .post("/api/v1/organizations/{id}/members/{account_id}/reset-second-factor", Organization(OrganizationOwn), member::reset_member_second_factor)
        .post("/api/v1/organizations/{id}/restore", EndingOrganization(OrganizationOwn), organization::restore_organization)
        .get("/api/v1/organizations/{id}/roles", Organization(MembersRead), role::list_roles)
        .post("/api/v1/organizations/{id}/roles", Organization(RolesManage), role::create_role)
        .patch("/api/v1/organizations/{id}/roles/{role_id}", Organization(RolesManage), role::update_role)
        .delete("/api/v1/organizations/{id}/roles/{role_id}", Organization(RolesManage), role::delete_role)
        .post("/api/v1/organizations/{id}/switch", Person, organization::switch_organization)
        .get("/api/v1/permissions", Account, role::list_permissions)
        .get("/api/v1/provider-events", Session(OperationsManage), activity::list_deliveries)
        .get("/api/v1/provider-events/{id}", Session(PayloadsRead), activity::find_delivery)
        .post("/api/v1/provider-events/{id}/replay", Session(OperationsManage), activity::replay_delivery)
        .get("/api/v1/search", Session(InboxRead), search_api::search)
        .post("/api/v1/search/reindex", Session(OperationsManage), activity::reindex)
        .get("/api/v1/setup", Public, account::show_setup)
        .post("/api/v1/setup", Public, account::create_setup)
        .get("/api/v1/statistics", Session(CampaignsRead), campaign::find_statistics)
        .get("/api/v1/status", Session(ConnectionsRead), health::show_status)
        .get("/api/v1/unrouted-events", Staff(ApplianceOperate), connection::list_unrouted_events)
        .post("/api/v1/uploads/avatar", Person, avatar::update_avatar)
        .delete("/api/v1/uploads/avatar", Person, avatar::delete_avatar)
        .get("/docs", Public, openapi::redirect_to_docs)
        .get("/docs/{*path}", Public, openapi::serve_docs)
        .get("/health", Public, health::show_health)
        .get("/metrics", MetricsToken, metrics::show_metrics)
        .get("/openapi.json", Public, openapi::serve_document)
        .post("/webhooks/instantly/webhook", Own, webhook::receive_webhook)
        .post("/webhooks/instantly/{token}", Own, webhook::receive_webhook_with_token)
        .get("/ws/campaigns", Own, live::live_campaigns)
        .get("/ws/conversations", Own, live::live_conversations)
}

/// One route of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// What it asks of its caller.
    pub access: Access,
}

type AddRoute = Box<dyn FnOnce(&App, Access) -> MethodRouter<App> + Send>;

/// Collects routes; the table and the router are made from the same list.
#[derive(Default)]
pub struct Routes {
    entries: Vec<(Route, AddRoute)>,
}

impl Routes {
    /// The table, for tests and documentation.
    pub fn table(&self) -> Vec<Route> {
        self.entries.iter().map(|(route, _add)| route.clone()).collect()
    }

    /// The router with every layer.
    pub fn into_router(self, app: &App) -> Router {
        let mut router: Router<App> = Router::new();
        for (route, add) in self.entries {
            router = router.route(route.path, add(app, route.access));
        }
        let router = router
            .fallback(assets::serve_asset)
            .method_not_allowed_fallback(refuse_method)
            .layer(tower_http::compression::CompressionLayer::new())
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(answer_panic));
        let router = match cors::layer(&app.config) {
            Some(layer) => router.layer(layer),
            None => router,
        };
        router
            // Around everything else: a panic is counted and logged with its request's id like any other failure.
            .layer(layers::from_fn_with_state(App::clone(app), middleware::observe))
            .with_state(App::clone(app))
    }

    fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::GET, MethodFilter::GET), path, access, handler)
    }

    fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::POST, MethodFilter::POST), path, access, handler)
    }

    fn put<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::PUT, MethodFilter::PUT), path, access, handler)
    }

    fn patch<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::PATCH, MethodFilter::PATCH), path, access, handler)
    }

    fn delete<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::DELETE, MethodFilter::DELETE), path, access, handler)
    }

    /// Adds a route, and its aliases.
    #[expect(clippy::needless_pass_by_value, reason = "handlers are passed by value everywhere")]
    fn add<H: Handler<T, App>, T: 'static>(
        mut self,
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        for path in std::iter::once(path).chain(aliases::of(&method, path)) {
            let handler = handler.clone();
            let is_counted = rate::is_counted(path);
            let add: AddRoute = Box::new(move |app, access| {
                let gate = Gate { app: App::clone(app), access, is_counted };
                on(filter, handler).layer(layers::from_fn_with_state(gate, access::check))
            });
            self.entries.push((Route { method: method.clone(), path, access }, add));
        }
        self
    }
}

async fn refuse_method() -> Error {
    Error::new(Code::MethodNotAllowed, "this route exists, but not with this method")
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the box over")]
fn answer_panic(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    axum::response::IntoResponse::into_response(Error::internal(
        text.unwrap_or_else(|| "a handler panicked".to_owned()),
    ))
}
