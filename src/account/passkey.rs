//! Passkeys: keys of a person's devices that sign them in, as second factor or alone.
//!
//! The device is asked to verify its owner (a finger, a PIN) every time, so a passkey is both factors at once; where it is
//! asked for after a password, it is simply the second. Keys are bound to the name this appliance is reached under: a page
//! of another name gets nothing signed.
//!
//! The library's feature `danger-allow-state-serialisation` is on: what a ceremony needs between its two requests is kept
//! in `one_time_token`, on this side only, for one use. What its name warns of is handing that state to the browser.

pub mod api;
pub mod ceremony;
pub mod store;
