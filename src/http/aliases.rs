//! Seed paths that name our routes by other words, in one table. An alias is the same handler with the same access.

use axum::http::Method;

/// Method, alias, our path.
const ALIASES: [(&Method, &str, &str); 10] = [
    (&Method::GET, "/api/v1/chats", "/api/v1/conversations"),
    (&Method::GET, "/api/v1/chats/unread", "/api/v1/conversations/counts"),
    (&Method::GET, "/api/v1/chats/{id}", "/api/v1/conversations/{id}"),
    (&Method::GET, "/api/v1/chats/{id}/messages", "/api/v1/conversations/{id}/messages"),
    (&Method::PATCH, "/api/v1/chats/{id}/read", "/api/v1/conversations/{id}/read"),
    (&Method::POST, "/api/v1/auth/signin", "/api/v1/auth/login"),
    (&Method::POST, "/auth/signin", "/api/v1/auth/login"),
    (&Method::POST, "/api/v1/auth/signup", "/api/v1/auth/register"),
    (&Method::POST, "/auth/signup", "/api/v1/auth/register"),
    (&Method::POST, "/auth/logout", "/api/v1/auth/logout"),
];

/// The aliases of one of our routes.
pub(super) fn of<'route>(
    method: &'route Method,
    path: &'route str,
) -> impl Iterator<Item = &'static str> + use<'route> {
    ALIASES
        .iter()
        .filter(move |(alias_method, _alias, ours)| *alias_method == method && *ours == path)
        .map(|(_, alias, _)| *alias)
}

/// Whether a path is an alias; the OpenAPI document names the canonical paths only.
pub fn is_alias(path: &str) -> bool {
    ALIASES.iter().any(|(_method, alias, _ours)| *alias == path)
}
