//! Contacts: the people the organization writes with.

pub mod api;
pub mod model;
pub mod record;
mod store;

/// The name to show for a person: first and last name, else the address.
pub fn display_name(first_name: &str, last_name: &str, address: &str) -> String {
    match (first_name.trim(), last_name.trim()) {
        ("", "") => address.to_owned(),
        ("", name) | (name, "") => name.to_owned(),
        (first_name, last_name) => format!("{first_name} {last_name}"),
    }
}
