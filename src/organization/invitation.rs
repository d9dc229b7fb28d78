//! Invitations: by mail or by link, with a role, an end, and for one person only. Taking one up is
//! [`crate::account::invitation`].

pub mod api;
pub mod model;
mod store;
