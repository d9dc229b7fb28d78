//! What must survive: the real program as a child process with real files, killed, starved of disk space, fed with
//! hostile bodies, with its search index taken away, and cut short while it moves whole organizations.
//!
//! A target of its own, because these tests take minutes and end processes: `cargo test --test crash`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first error, also in its helper functions"
)]
#![expect(clippy::print_stderr, reason = "seeds and measured figures, shown when a test fails or with --nocapture")]

mod bodies;
mod disk;
mod feed;
mod findings;
mod hostile;
mod index;
mod kill;
mod moves;
mod raw;
#[path = "../support/recount.rs"]
mod recount;
mod support;
