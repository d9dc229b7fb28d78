//! A stand-in for the service.

mod calendar;
mod dice;
mod mail;
mod text;
mod world;
