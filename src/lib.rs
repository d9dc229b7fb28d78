//! Salesbrain: one binary, one data folder. See the map of the code below.

pub mod account;
pub mod activity;
pub mod app;
pub mod campaign;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connection;
pub mod contact;
pub mod error;
pub mod http;
pub mod id;
pub mod inbox;
pub mod mailbox;
pub mod organization;
pub mod search;
pub mod store;
pub mod tenant;
