//! Channels: how messages come in and go out. Each provider has a folder; what they have in common is [`event`],
//! the one shape every provider's payload is turned into, and [`intake`], which applies it.

pub mod event;
pub mod instantly;
pub mod intake;
pub mod queue;
pub mod replay;
