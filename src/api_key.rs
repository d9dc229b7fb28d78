//! API keys: what programs call the API with, in one organization, within named permissions and never beyond the rights
//! of whoever made the key.
//!
//! A key reads `sbk_`, eight characters by which people recognise it, `_`, and a secret. Only a hash is kept. Renewing a
//! key keeps the eight characters; the former secret works until a time that is said when renewing. What a key turns out
//! to be on each request is [`crate::account::standing::find_by_key`].
//!
//! A key is made and renewed by people only: a key that leaked must not be able to make itself a successor.

pub mod api;
pub mod model;
mod store;
