//! Signing in with an identity at another service: any issuer of OpenID Connect, and Telegram in both of its ways.
//!
//! An identity is a first factor like a password; [`super::factor`] asks for the second. Whose it is, in this order: the
//! account it is linked to; the account with the same e-mail address, but only if the service says that it verified the
//! address; a new account, if registration is open or an invitation is shown. Telegram knows no addresses: it signs in who
//! linked it before, and makes an account only for an invitation that came by mail, because having read that mail
//! proves the address.
//!
//! The state of a sign-in is a token that is good for one use, kept here with nonce and verifier and bound to the browser
//! by a cookie, so that nobody can be signed in to somebody else's account by a link. Everything an issuer's address leads
//! to is fetched through [`crate::outgoing`].
//!
//! Rejected: keeping tokens of the service (we never call it again); trusting an address that is not verified, which would
//! hand an account to whoever types its address at a careless service.

pub mod api;
pub mod flow;
pub mod model;
pub mod oidc;
pub mod store;
pub mod telegram;
