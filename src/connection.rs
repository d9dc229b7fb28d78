//! Connections: an organization's (or the appliance's) link to a provider workspace, and what arrives unrouted.

pub mod api;
pub mod model;
pub mod routes;
mod store;

pub use store::{create_unrouted_event, find_campaign_route, find_route, find_status, list_connections};
