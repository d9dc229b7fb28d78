//! Campaigns: outreach sequences and their counters.

pub mod api;
pub mod model;
pub mod record;
mod store;
pub mod tally;

pub use store::{
    count_campaigns, find_campaign_with_days, find_statistics, list_campaign_window, list_campaigns_in_order,
};
