//! API keys: what programs call the API with, in one organization, within named permissions and never beyond the rights
//! of whoever made the key.
//!
//! A key reads `sbk_`, eight characters by which people recognise it, `_`, and a secret. Only a hash is kept. Renewing a
//! key keeps the eight characters; the former secret works until a time that is said when renewing. What a key turns out
//! to be on each request is [`crate::account::standing::find_by_key`].
//!
//! A key is made and renewed by people only: a key that leaked must not be able to make itself a successor. They show
//! their password or a code once more: a key outlives the session it was made in, so a stolen session must not be enough.
//!
//! A key speaks for its maker, so it obeys the organization's rule about the second factor: while the rule holds and the
//! maker has none, the key is answered `second_factor_needed`, and works again as soon as the maker has set one up. The
//! key itself proves only one thing, that someone has it; what the rule asks is that nobody acts here whose account opens
//! with a password alone, and whoever takes that account over would hold its keys as well. Rejected: letting keys pass
//! (the rule would end where the first key begins, and keys are what leaks most), and revoking them when the rule is set
//! (which breaks programs for good over something their maker mends in a minute).

pub mod api;
pub mod model;
mod store;
