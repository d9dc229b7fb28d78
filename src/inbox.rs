//! The inbox: what is shown and searched of a message.
//!
//! [`text`] splits and normalises plain text, [`html`] makes a message's HTML safe to show. Both are pure functions of
//! what a stranger wrote: bounded in time and memory for any input, and never failing.

pub mod html;
mod markup;
pub mod text;
