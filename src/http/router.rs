//! Every route of the program, in URL order, with what it asks of its caller.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Router, middleware as layers};

use super::access::{self, Access};
use super::{aliases, assets, health, live, metrics, middleware, openapi};
use crate::account::api as account;
use crate::account::model::Permission::{Administer, Change, Operate, Read};
use crate::activity::api as activity;
use crate::app::App;
use crate::campaign::api as campaign;
use crate::channel::instantly::{api as instantly, webhook};
use crate::connection::api as connection;
use crate::contact::api as contact;
use crate::error::{Code, Error};
use crate::inbox::{api as inbox, search_api};
use crate::mailbox::api as mailbox;

use Access::{MetricsToken, Own, Public, Session, SessionOrCookie};

/// All routes.
#[expect(clippy::too_many_lines, reason = "one line per route, and nothing else")]
#[rustfmt::skip]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/instantly/campaign/{id}/messages", Session(Read), instantly::list_campaign_messages)
        .get("/api/instantly/campaigns", Session(Read), instantly::list_campaigns)
        .get("/api/instantly/email-accounts", Session(Read), instantly::list_mailboxes)
        .get("/api/instantly/health", Session(Read), instantly::show_health)
        .get("/api/instantly/search/messages", Session(Read), instantly::search_messages)
        .get("/api/instantly/stats", Session(Read), instantly::find_statistics)
        .post("/api/v1/auth/link", Public, account::login_with_link)
        .post("/api/v1/auth/login", Public, account::login)
        .post("/api/v1/auth/logout", Own, account::logout)
        .get("/api/v1/auth/me", Session(Read), account::find_me)
        .put("/api/v1/auth/me", Session(Read), account::update_me)
        .post("/api/v1/auth/refresh", Own, account::refresh)
        .get("/api/v1/campaigns", Session(Read), campaign::list_campaigns)
        .get("/api/v1/campaigns/{id}", Session(Read), campaign::find_campaign)
        .get("/api/v1/campaigns/{id}/daily", Session(Read), campaign::list_campaign_days)
        .get("/api/v1/campaigns/{id}/messages", Session(Read), campaign::list_campaign_messages)
        .get("/api/v1/connections", Session(Read), connection::list_connections)
        .post("/api/v1/connections", Session(Administer), connection::create_connection)
        .get("/api/v1/connections/{id}", Session(Read), connection::find_connection)
        .delete("/api/v1/connections/{id}", Session(Administer), connection::delete_connection)
        .post("/api/v1/connections/{id}/secret", Session(Administer), connection::update_secret)
        .get("/api/v1/contacts", Session(Read), contact::list_contacts)
        .get("/api/v1/contacts/{id}", Session(Read), contact::find_contact)
        .get("/api/v1/contacts/{id}/conversations", Session(Read), contact::list_contact_conversations)
        .get("/api/v1/conversations", Session(Read), inbox::list_conversations)
        .get("/api/v1/conversations/counts", Session(Read), inbox::count_conversations)
        .get("/api/v1/conversations/{id}", Session(Read), inbox::find_conversation)
        .patch("/api/v1/conversations/{id}/archive", Session(Change), inbox::archive_conversation)
        .get("/api/v1/conversations/{id}/messages", Session(Read), inbox::list_messages)
        .patch("/api/v1/conversations/{id}/read", Session(Change), inbox::read_conversation)
        .get("/api/v1/conversations/{id}/timeline", Session(Read), inbox::list_timeline)
        .patch("/api/v1/conversations/{id}/unarchive", Session(Change), inbox::unarchive_conversation)
        .patch("/api/v1/conversations/{id}/unread", Session(Change), inbox::unread_conversation)
        .get("/api/v1/events", Session(Read), activity::list_events)
        .get("/api/v1/jobs", Session(Administer), activity::list_jobs)
        .post("/api/v1/jobs/{id}/retry", Session(Administer), activity::retry_job)
        .get("/api/v1/live", Own, live::live)
        .get("/api/v1/mailboxes", Session(Read), mailbox::list_mailboxes)
        .get("/api/v1/mailboxes/{id}", Session(Read), mailbox::find_mailbox)
        .get("/api/v1/mailboxes/{id}/daily", Session(Read), mailbox::list_mailbox_days)
        .get("/api/v1/messages/{id}/html", SessionOrCookie(Read), inbox::show_message_html)
        .get("/api/v1/provider-events", Session(Administer), activity::list_deliveries)
        .get("/api/v1/provider-events/{id}", Session(Administer), activity::find_delivery)
        .post("/api/v1/provider-events/{id}/replay", Session(Administer), activity::replay_delivery)
        .get("/api/v1/search", Session(Read), search_api::search)
        .post("/api/v1/search/reindex", Session(Administer), activity::reindex)
        .get("/api/v1/setup", Public, account::show_setup)
        .post("/api/v1/setup", Public, account::create_setup)
        .get("/api/v1/statistics", Session(Read), campaign::find_statistics)
        .get("/api/v1/status", Session(Read), health::show_status)
        .get("/api/v1/unrouted-events", Session(Operate), connection::list_unrouted_events)
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
        router
            .fallback(assets::serve_asset)
            .method_not_allowed_fallback(refuse_method)
            .layer(tower_http::compression::CompressionLayer::new())
            .layer(tower_http::catch_panic::CatchPanicLayer::custom(answer_panic))
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
            let add: AddRoute = Box::new(move |app, access| {
                on(filter, handler).layer(layers::from_fn_with_state((App::clone(app), access), access::check))
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
