//! Channels: how messages come in and go out. Each provider has a folder; what they have in common is [`event`],
//! the one shape every provider's payload is turned into before anything else looks at it.

pub mod event;
pub mod instantly;
