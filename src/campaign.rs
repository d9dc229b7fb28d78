//! Campaigns: outreach sequences and their counters.

pub mod api;
pub mod model;
pub mod record;
pub mod store;
