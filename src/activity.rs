//! Activity: reading the event log, the raw deliveries behind it, and the jobs it led to.

pub mod api;
mod store;
