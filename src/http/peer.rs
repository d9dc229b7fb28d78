//! Who calls, and by which name they reached us: the address behind trusted proxies, and the `Host` header.
//!
//! Both are what the other side says unless something vouches for it: `X-Forwarded-For` counts only as far back as the
//! setting `trusted_proxies` reaches, and `Host` decides nothing but what this same caller is shown, or that it is *not*
//! at this machine.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::account::session::Client;
use crate::app::App;
use crate::config::Config;
use crate::network::Network;

/// The address at the other end of the socket.
pub fn socket_address(parts: &Parts) -> IpAddr {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical())
}

/// The address of the one who calls: the socket's, or if that is a trusted proxy, the last one it was told of that is not
/// a trusted proxy itself. What stands before that one in `X-Forwarded-For` anybody may have written.
pub fn peer_address(parts: &Parts, trusted_proxies: &[Network]) -> IpAddr {
    find_caller(socket_address(parts), &parts.headers, trusted_proxies)
}

fn find_caller(socket: IpAddr, headers: &HeaderMap, trusted_proxies: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted_proxies.iter().any(|network| network.contains(address));
    let mut caller = socket;
    if !is_trusted(caller) {
        return caller;
    }
    let values = headers.get_all("x-forwarded-for").iter().rev();
    for entry in values.flat_map(|value| value.to_str().unwrap_or("").rsplit(',')) {
        let Some(address) = parse_forwarded(entry) else { break };
        caller = address;
        if !is_trusted(caller) {
            break;
        }
    }
    caller
}

/// One entry of `X-Forwarded-For`; some proxies add the port.
fn parse_forwarded(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let plain = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = plain.parse().ok().or_else(|| entry.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// Headers a proxy adds, besides all that begin with `x-forwarded-`.
const PROXY_HEADERS: [&str; 3] = ["forwarded", "via", "x-real-ip"];

/// Whether the request comes from this machine itself: from its loopback address, to its loopback name (a foreign page
/// whose name was made to point here still says its own), with no sign of a proxy, on an appliance that is not meant to
/// be reached through one.
pub fn is_local(parts: &Parts, config: &Config) -> bool {
    let is_proxied = parts.headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || PROXY_HEADERS.contains(&name)
    });
    let is_loopback_name = Host::of(&parts.headers).is_some_and(|host| host.is_loopback());
    socket_address(parts).is_loopback() && is_loopback_name && !is_proxied && !config.is_public()
}

/// The name, and port if any, by which the caller reached us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(Authority);

impl Host {
    /// Reads the header; `None` unless there is exactly one and it is `host` or `host:port`.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let host = Self(value.to_str().ok()?.parse().ok()?);
        host.is_sound().then_some(host)
    }

    fn is_sound(&self) -> bool {
        let name = self.0.host();
        let is_address = self.address().is_some();
        let is_name =
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter));
        let rest = self.0.as_str().strip_prefix(name);
        let is_port = rest.is_some_and(|rest| rest.is_empty() || self.0.port_u16().is_some());
        (is_address || is_name) && is_port
    }

    /// The address, if the name is one.
    fn address(&self) -> Option<IpAddr> {
        let name = self.0.host();
        match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// Whether the name stands for the machine it is said on.
    pub fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.is_loopback(),
            None => self.0.host().eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str())
    }
}

/// Whether the caller, or a proxy in front of us, speaks TLS.
pub fn is_forwarded_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https")
}

/// Longest text kept of what a browser calls itself.
const USER_AGENT_CHARS: usize = 300;

impl Client {
    /// Who sent a request.
    pub fn of(parts: &Parts, app: &App) -> Self {
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        Self {
            address: Some(peer_address(parts, &app.config.trusted_proxies)),
            user_agent: user_agent.chars().take(USER_AGENT_CHARS).collect(),
        }
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}

/// The address under which the appliance is reached, without a trailing slash: the configured one, or if we listen
/// everywhere the one this caller used. It is shown to the same caller only.
#[derive(Debug)]
pub struct BaseUrl(pub String);

impl FromRequestParts<App> for BaseUrl {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let config = &app.config;
        let host = if config.is_address_known() { None } else { Host::of(&parts.headers) };
        let scheme = if is_forwarded_tls(&parts.headers) { "https" } else { "http" };
        Ok(Self(host.map_or_else(|| config.base_url(), |host| format!("{scheme}://{host}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_caller_is_the_last_address_no_trusted_proxy_has() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "::1"].iter().map(|text| text.parse().unwrap()).collect();
        let cases: [(&str, &[&str], &str); 12] = [
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3,10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
            ("::1", &["198.51.100.1:1234"], "198.51.100.1"),
            ("::1", &["[2001:db8::7]:1234"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ];
        for (socket, values, expected) in cases {
            let caller = find_caller(socket.parse().unwrap(), &headers("x-forwarded-for", values), &trusted);
            assert_eq!(caller.to_string(), expected, "{socket} {values:?}");
        }
        let untrusting = find_caller("10.0.0.1".parse().unwrap(), &headers("x-forwarded-for", &["1.1.1.1"]), &[]);
        assert_eq!(untrusting.to_string(), "10.0.0.1");
    }

    #[test]
    fn a_host_is_a_name_and_a_port_and_nothing_else() {
        for (text, is_loopback) in [
            ("localhost", true),
            ("LocalHost:8001", true),
            ("127.0.0.1:8001", true),
            ("[::1]:8001", true),
            ("[::1]", true),
            ("sales.example.com", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:8001", false),
            ("[2001:db8::1]:8001", false),
            ("203.0.113.9", false),
        ] {
            let host = Host::of(&headers("host", &[text])).unwrap_or_else(|| panic!("{text} was refused"));
            assert_eq!((host.to_string().as_str(), host.is_loopback()), (text, is_loopback));
        }
        for text in ["", "user@localhost", "localhost/x", "localhost:", "localhost:x", "localhost:99999", "a b", "[::1"]
        {
            assert_eq!(Host::of(&headers("host", &[text])), None, "{text}");
        }
        assert_eq!(Host::of(&headers("host", &["localhost", "evil.example"])), None);
    }
}
