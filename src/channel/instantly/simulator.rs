//! A stand-in for the service.

mod calendar;
mod dice;
mod event;
mod journey;
mod mail;
mod text;
mod world;
