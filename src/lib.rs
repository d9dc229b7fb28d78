//! Salesbrain: one binary, one data folder.
//!
//! ```text
//! data/
//!   control.db                 accounts, sessions, organizations, connections, webhooks nobody claims   (account, connection, organization)
//!   secret.key                 master key, made at the first start                                      (secret)
//!   tenants/<organization>/
//!     tenant.db                everything the organization owns                                          (tenant, slices)
//!     index/                   full-text index; derived, rebuilt when lost                               (search, inbox::indexer)
//!     files/                   attachments, later
//! ```
//!
//! A webhook's way: [`channel::instantly::webhook`] authenticates the bytes, [`channel::instantly::payload`] turns them
//! into a [`channel::event::ProviderEvent`] without touching anything, [`channel::intake`] stores and applies it in one
//! transaction of the organization's writer thread ([`store`]), and only then the provider gets its 2xx. The change
//! appended events to the log ([`tenant::event_log`]); from there the live feed, the timeline and the search index follow.
//!
//! A request's way: [`http::router`] names the route and what it asks of its caller, [`http::access`] resolves the session
//! to one [`tenant::Tenant`], the slice's `api.rs` owns the transaction, its `store.rs` has the SQL.
//!
//! Invariants: nobody opens SQLite but [`store`]; nobody names the search engine but [`search`]; no row names an
//! organization, the file is the organization; a slice does not use another slice's SQL.

pub mod account;
pub mod activity;
pub mod api_key;
pub mod app;
pub mod appliance;
pub mod audit;
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
pub mod mail;
pub mod mailbox;
pub mod network;
pub mod organization;
pub mod outgoing;
pub mod search;
pub mod secret;
pub mod settings;
pub mod store;
pub mod tenant;
