//! Organizations: the customers of the appliance. Their data is in their own folder; here is that they exist, who belongs
//! to them and with which rights.
//!
//! Every rule about people is decided in the writer's transaction, where the caller is looked up once more
//! ([`crate::http::access::Identity::check_again`]): that an owner remains, and that nobody gives or takes a right they
//! do not have themselves.

pub mod api;
pub mod invitation;
pub mod member;
pub mod model;
pub mod removal;
pub mod role;
mod store;

pub use store::{create, find, find_by_name, list};
