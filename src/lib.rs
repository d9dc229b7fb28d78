//! Salesbrain: one binary, one data folder. See the map of the code below.

pub mod channel;
pub mod cli;
pub mod clock;
pub mod id;
pub mod inbox;
pub mod search;
