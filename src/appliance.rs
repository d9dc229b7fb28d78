//! The appliance as its staff sees it: every organization with its size and health, and the lists across organizations.
//!
//! Two rules. A list answers from `control.db` and asks an organization only for the rows it shows, so that it stays fast
//! with a thousand of them; and whoever of the staff is shown an organization's rows is written into that organization's
//! audit log.

pub mod across;
pub mod api;
pub mod figures;
pub mod start;
mod store;
pub mod transfer;
