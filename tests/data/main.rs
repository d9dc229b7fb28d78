//! The data of an organization, tested through the running program: what each event changes, that repetition and order
//! do not matter, threads, lists, search, counters, and the store beneath them.
//!
//! `cargo test --test data`. Every test starts the real program in a folder of its own, on a port of its own.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod conversations;
mod dump;
mod effects;
mod events;
mod failure;
mod order;
mod recount;
mod repetition;
mod search;
mod store;
mod support;
mod threading;
