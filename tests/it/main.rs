//! The integration tests: one binary that runs the real program over real sockets and real files.
//!
//! Modules mirror the tree of addresses. Each is `cfg(test)` so that the lints treat its helpers as test code.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod api_key;
#[cfg(test)]
mod assets;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod authorisation;
#[cfg(test)]
mod avatar;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod cross_origin;
#[cfg(test)]
mod events;
#[cfg(test)]
mod federated;
#[cfg(test)]
mod guessing;
#[cfg(test)]
mod instantly;
#[cfg(test)]
mod live;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod mail_server;
#[cfg(test)]
mod master_key;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod operation;
#[cfg(test)]
mod organization;
#[cfg(test)]
mod password;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod second_factor;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod session;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod token;
#[cfg(test)]
mod transfer;
#[cfg(test)]
mod webhook;
