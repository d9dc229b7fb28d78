//! Accounts: who may sign in, how, and what their role allows.

pub mod admin;
pub mod api;
pub mod avatar;
pub mod factor;
pub mod federation;
pub mod import;
pub mod invitation;
pub mod limit;
pub mod model;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod password_change;
pub mod permission;
pub mod registration;
pub mod second_factor;
pub mod session;
pub mod sessions;
pub mod setup;
pub mod standing;
pub mod store;
pub mod token;
pub mod totp;
pub mod wrong_codes;
