//! HTTP: routes, who may use them, how answers look, the live feed, and the interface served from the binary.

pub mod access;
pub mod aliases;
pub mod assets;
pub mod body;
pub mod cors;
pub mod drain;
pub mod extract;
pub mod health;
pub mod live;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod peer;
pub mod rate;
pub mod respond;
pub mod router;
pub mod serve;
