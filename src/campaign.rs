//! Campaigns: outreach sequences and their counters.

pub mod api;
pub mod model;
pub mod record;
mod store;
pub mod tally;

pub use store::{find_statistics, list_campaign_window};
