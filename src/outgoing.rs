//! The guard of every outgoing connection whose address a user can set: an identity provider's issuer, a mail server,
//! later a webhook of theirs.
//!
//! Without it such an address is a way into the network the appliance stands in: the metadata service of a cloud, a
//! database without a password, our own port. [`Guard::allows`] therefore knows the addresses of the public internet and
//! refuses all others, unless the setting `outgoing_allowed` names them. A name is resolved here, and the connection is
//! made to the very addresses that were checked: a name that answers differently a moment later (DNS rebinding) reaches
//! nothing. Redirects are not followed, since an API has no reason to send one; proxies of the environment are not used,
//! because behind one the address that is reached cannot be known.
//!
//! Rejected: a list of forbidden networks alone for IPv6, because what is not assigned today may be routed tomorrow (only
//! the global unicast block is allowed); checking the name before the request, which a second answer defeats.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::network::Network;

/// Longest time to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Longest time for a whole request.
const REQUEST_LIMIT: Duration = Duration::from_secs(15);
/// Largest answer read.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;

/// IPv4 networks that are not the public internet.
const CLOSED_V4: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // behind a carrier's NAT; a cloud's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's metadata, on an address that looks public
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments; a cloud's metadata
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays, given up
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // measurements
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved
    (Ipv4Addr::BROADCAST, 32),             // everyone here
];

/// The only IPv6 block that is routed in public.
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What in it is not the public internet.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, among them Teredo
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: an IPv4 address in disguise, given up
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Behind this prefix stands an IPv4 address, which a translator connects to.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Why nothing was reached.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The address is none this program connects to.
    #[error("{0} is not an address this program may call")]
    Scheme(String),
    /// Without TLS, to a network no setting names.
    #[error("{0} is not encrypted: it must start with https://")]
    Unencrypted(String),
    /// The name has no address.
    #[error("the name {host} cannot be resolved")]
    Name {
        /// The name.
        host: String,
        /// The cause.
        #[source]
        source: Option<std::io::Error>,
    },
    /// All its addresses are in networks that are closed.
    #[error(
        "{host} is at {address}, in a network this program does not call; the setting outgoing_allowed can allow it"
    )]
    Closed {
        /// The name.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// The connection or the exchange failed.
    #[error("{host} cannot be reached")]
    Exchange {
        /// The name.
        host: String,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is too large.
    #[error("{host} answered with more than {ANSWER_LIMIT_BYTES} bytes")]
    TooLarge {
        /// The name.
        host: String,
    },
}

/// What an address answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: reqwest::StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// Guards outgoing connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guard {
    allowed: Arc<[Network]>,
    client: reqwest::Client,
}

/// Which addresses are open to a guard that names these networks.
fn is_open(allowed: &[Network], address: IpAddr) -> bool {
    is_named(allowed, address) || is_public(allowed, address)
}

fn is_named(allowed: &[Network], address: IpAddr) -> bool {
    allowed.iter().any(|network| network.contains(address))
}

fn is_public(allowed: &[Network], address: IpAddr) -> bool {
    let is_in = |network: IpAddr, prefix: u8| Network::of(network, prefix).contains(address);
    match address.to_canonical() {
        IpAddr::V4(_) => !CLOSED_V4.iter().any(|(network, prefix)| is_in(IpAddr::V4(*network), *prefix)),
        IpAddr::V6(inner) if is_in(IpAddr::V6(NAT64.0), NAT64.1) => {
            let [.., a, b, c, d] = inner.octets();
            is_open(allowed, IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(_) => {
            is_in(IpAddr::V6(OPEN_V6.0), OPEN_V6.1)
                && !CLOSED_V6.iter().any(|(network, prefix)| is_in(IpAddr::V6(*network), *prefix))
        }
    }
}

/// Resolves a name to the addresses that are open.
async fn resolve_open(allowed: &[Network], host: &str, port: u16) -> Result<Vec<SocketAddr>, OutgoingError> {
    let plain = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let found: Vec<SocketAddr> = match plain.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_is_name) => {
            let looked_up = tokio::net::lookup_host((plain, port)).await;
            looked_up.map_err(|source| OutgoingError::Name { host: host.to_owned(), source: Some(source) })?.collect()
        }
    };
    let Some(first) = found.first().map(SocketAddr::ip) else {
        return Err(OutgoingError::Name { host: host.to_owned(), source: None });
    };
    let open: Vec<_> = found.into_iter().filter(|found| is_open(allowed, found.ip())).collect();
    if open.is_empty() {
        return Err(OutgoingError::Closed { host: host.to_owned(), address: first.to_canonical() });
    }
    Ok(open)
}

/// What the client resolves names with: it connects to nothing else.
struct OpenAddresses(Arc<[Network]>);

impl Resolve for OpenAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            // The client puts the port of the request in.
            let open = resolve_open(&allowed, name.as_str(), 0).await?;
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

impl Guard {
    /// A guard that also allows the networks of the setting `outgoing_allowed`.
    pub fn new(allowed: &[Network]) -> Result<Self, reqwest::Error> {
        let allowed: Arc<[Network]> = allowed.into();
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(OpenAddresses(Arc::clone(&allowed))))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // A connection that is kept would be one nobody checks again.
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_LIMIT)
            .timeout(REQUEST_LIMIT)
            .user_agent(concat!("Salesbrain/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { allowed, client })
    }

    /// Whether this address may be called.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_open(&self.allowed, address)
    }

    /// Resolves a name, or reads an address; connect to what it answers and to nothing else. Never empty.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, OutgoingError> {
        resolve_open(&self.allowed, host, port).await
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: reqwest::Request) -> Result<Reply, OutgoingError> {
        let host = self.check(request.url()).await?;
        let failed = |source| OutgoingError::Exchange { host: host.clone(), source };
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > ANSWER_LIMIT_BYTES {
                return Err(OutgoingError::TooLarge { host });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body: body.into() })
    }

    /// Checks what the client's resolver never sees: the scheme, and an address in the place of a name. Resolving the name
    /// here as well is for the sentence; what is connected to is decided when the client resolves it.
    async fn check(&self, url: &Url) -> Result<String, OutgoingError> {
        let (host, port) = match (url.host_str(), url.port_or_known_default(), url.scheme()) {
            (Some(host), Some(port), "https" | "http") => (host.to_owned(), port),
            _ => return Err(OutgoingError::Scheme(url.as_str().to_owned())),
        };
        let addresses = self.resolve(&host, port).await?;
        let is_ours = addresses.iter().all(|address| is_named(&self.allowed, address.ip()));
        // In a network of one's own one may do without TLS; in public nobody may.
        if url.scheme() == "http" && !is_ours {
            return Err(OutgoingError::Unencrypted(url.as_str().to_owned()));
        }
        Ok(host)
    }
}

#[cfg(test)]
mod tests;
