//! Connections: an organization's (or the appliance's) link to a provider workspace, and what arrives unrouted.

pub mod api;
pub mod model;
pub mod routes;
pub mod store;
