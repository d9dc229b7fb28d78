//! Mailboxes: the addresses that send and receive, with their state.

pub mod api;
pub mod model;
pub mod record;
mod store;
pub mod tally;

pub use store::list_mailboxes;
