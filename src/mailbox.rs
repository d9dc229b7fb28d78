//! Mailboxes: the addresses that send and receive, with their state.

pub mod api;
pub mod model;
pub mod record;
mod store;
pub mod tally;

pub use store::{count_mailboxes, find_mailbox_with_days, list_mailboxes};
