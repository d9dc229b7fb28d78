//! Instantly.ai: webhooks in, the seed routes, the client of its API, and the simulator that stands in for the service in demos, tests and
//! load runs.
//!
//! # What each event changes
//!
//! Names are in [`payload`]; this is what each kind of event does, in one transaction. `tests/data/effects.rs` holds
//! every line of it. "Counted" means in total and for the UTC day of the event. Every line also appends to the event
//! log, keeps the raw payload, creates the campaign ("not yet synced"), the mailbox and the contact if they are new, and
//! fills the contact's fields (each field: the latest value wins, an empty one never overwrites).
//!
//! | event | campaign | mailbox | contact | conversation and messages |
//! |---|---|---|---|---|
//! | message sent | sent counted; first one to a person: contacts + 1; active unless later paused or completed | sent counted; active unless a later error | step of the campaign, highest wins | message stored if it came with subject or body; joins its thread, else a new one in view *sent* |
//! | message opened | opened counted, once per person and step | | | line in the timeline |
//! | link clicked | clicked counted, once per person and step | | | line in the timeline |
//! | reply received | replied counted; first one of a person: replied contacts + 1 | received counted | | unread message; view *inbox*, also if it was archived; category *reply* unless an interest or a suppression is known |
//! | automatic reply | auto replied counted, replied is not | auto replied counted | | unread message marked automatic; an archived thread stays archived; category *auto reply* if the last received message is one |
//! | bounced, unsubscribed, complained | counted | bounced counted | address suppressed; the gravest reason stays | category is the reason; line in the timeline |
//! | interest (won … no show, neutral), own label | interested, meetings booked, not interested moved from the old to the new | | interest and label, by time | category of the person's conversations in that campaign (all without campaign: where newer) |
//! | sequence completed, failed | | | state in the campaign | line in the timeline |
//! | campaign started, paused, completed | state, by time | | | |
//! | account error, suspended | | state and reason, by time | | |
//! | enrichment completed, test | | | | |
//! | unknown | nothing but the raw payload, marked *unknown* | | | |
//!
//! A second event with the same content key changes nothing. A reply whose provider id is known already is the same
//! mail reported twice and counts once. Times, maxima and counts decide, never the order of arrival.

pub mod api;
pub mod client;
pub mod payload;
pub mod simulator;
pub mod webhook;
