//! Tests of the guard: every class of address, names, rebinding, schemes, redirects and sizes.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use proptest::prelude::*;

use super::*;

fn guard(allowed: &[&str]) -> Guard {
    let allowed: Vec<Network> = allowed.iter().map(|text| text.parse().unwrap()).collect();
    Guard::new(&allowed).unwrap()
}

/// Addresses and whether they are public: each class at its edges, as IPv4 and in every clothing of IPv6.
#[rustfmt::skip]
const CLASSES: [(&str, bool); 58] = [
        ("1.1.1.1", true),
        ("9.255.255.255", true),
        ("11.0.0.0", true),
        ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("172.15.255.255", true),
        ("172.32.0.0", true),
        ("223.255.255.255", true),
        ("0.0.0.0", false),
        ("0.1.2.3", false),
        ("10.0.0.1", false),
        ("100.64.0.1", false),
        ("100.100.100.200", false),
        ("127.0.0.1", false),
        ("127.255.255.255", false),
        ("168.63.129.16", false),
        ("169.254.169.254", false),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("192.0.0.192", false),
        ("192.0.2.1", false),
        ("192.88.99.1", false),
        ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("198.19.255.255", false),
        ("198.51.100.1", false),
        ("203.0.113.1", false),
        ("224.0.0.1", false),
        ("239.255.255.255", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("2606:4700:4700::1111", true),
        ("2a00:1450:4001::1", true),
        ("::", false),
        ("::1", false),
        ("::127.0.0.1", false),
        ("::8.8.8.8", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:8.8.8.8", true),
        ("::ffff:0:127.0.0.1", false),
        ("64:ff9b::7f00:1", false),
        ("64:ff9b::a9fe:a9fe", false),
        ("64:ff9b::808:808", true),
        ("64:ff9b:1::808:808", false),
        ("100::1", false),
        ("2001::1", false),
        ("2001:0:7f00:1::", false),
        ("2001:db8::1", false),
        ("2002:7f00:1::", false),
        ("2002:808:808::", false),
        ("3fff::1", false),
        ("5f00::1", false),
        ("fc00::1", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("febf::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
];

#[test]
fn only_addresses_of_the_public_internet_are_allowed() {
    let guard = guard(&[]);
    for (address, is_allowed) in CLASSES {
        assert_eq!(guard.allows(address.parse().unwrap()), is_allowed, "{address}");
    }
}

#[test]
fn what_the_setting_names_is_allowed_and_nothing_beside_it() {
    let guard = guard(&["10.1.0.0/16", "::1", "fd12::/16"]);
    for (address, is_allowed) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("64:ff9b::10.1.2.3", true),
        ("10.2.0.1", false),
        ("::1", true),
        ("127.0.0.1", false),
        ("fd12::1", true),
        ("fd13::1", false),
        ("1.1.1.1", true),
    ] {
        assert_eq!(guard.allows(address.parse().unwrap()), is_allowed, "{address}");
    }
}

/// The standard library's own opinion, where it has one.
fn is_plainly_internal(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
}

proptest! {
    #[test]
    fn no_clothing_makes_an_internal_address_public(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let is_allowed = is_open(&[], IpAddr::V4(address));
        prop_assert!(!(is_allowed && is_plainly_internal(address)));
        let low = u128::from(bits);
        let nat64 = Ipv6Addr::from_bits(NAT64.0.to_bits() | low);
        prop_assert_eq!(is_open(&[], IpAddr::V6(address.to_ipv6_mapped())), is_allowed);
        prop_assert_eq!(is_open(&[], IpAddr::V6(nat64)), is_allowed);
        prop_assert!(!is_open(&[], IpAddr::V6(Ipv6Addr::from_bits(low))));
        prop_assert!(!is_open(&[], IpAddr::V6(Ipv6Addr::from_bits((0x2002_u128 << 112) | (low << 80)))));
    }

    #[test]
    fn outside_of_global_unicast_nothing_of_ipv6_is_public(bits: u128) {
        let address = Ipv6Addr::from_bits(bits);
        let is_global_unicast = bits >> 125 == 1;
        let is_translated = address.to_ipv4_mapped().is_some() || Network::of(IpAddr::V6(NAT64.0), NAT64.1).contains(IpAddr::V6(address));
        if !is_global_unicast && !is_translated {
            prop_assert!(!is_open(&[], IpAddr::V6(address)));
        }
    }
}

#[tokio::test]
async fn names_and_odd_spellings_of_internal_addresses_are_refused() {
    let guard = guard(&[]);
    for host in ["localhost", "127.0.0.1", "[::1]", "::1", "169.254.169.254", "[::ffff:10.0.0.1]"] {
        let refused = guard.resolve(host, 25).await;
        assert!(matches!(refused, Err(OutgoingError::Closed { .. })), "{host}: {refused:?}");
    }
    let client = reqwest::Client::new();
    for url in ["https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/", "https://[::1]/"] {
        let refused = guard.send(client.get(url).build().unwrap()).await;
        assert!(matches!(refused, Err(OutgoingError::Closed { .. })), "{url}: {refused:?}");
    }
    let unknown = guard.resolve("no-such-name.invalid", 25).await;
    assert!(matches!(unknown, Err(OutgoingError::Name { .. })), "{unknown:?}");
}

#[tokio::test]
async fn an_address_comes_back_with_its_port() {
    let open = guard(&["127.0.0.0/8", "::1"]).resolve("localhost", 2525).await.unwrap();
    assert!(!open.is_empty() && open.iter().all(|address| address.ip().is_loopback() && address.port() == 2525));
    let public = guard(&[]).resolve("1.1.1.1", 587).await.unwrap();
    assert_eq!(public, ["1.1.1.1:587".parse().unwrap()]);
}

/// A server on this machine that counts its visitors.
async fn serve() -> (SocketAddr, Arc<AtomicUsize>) {
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    let count = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async { "here" }
    };
    let router = Router::new()
        .route("/", get(count))
        .route("/away", get(|| async { Redirect::temporary("/") }))
        .route("/large", get(|| async { vec![b'x'; ANSWER_LIMIT_BYTES + 1] }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, visits)
}

#[tokio::test]
async fn the_connection_itself_goes_to_checked_addresses_only() {
    let (address, visits) = serve().await;
    let strict = guard(&[]);
    // Past the check before the request, as a name that changes its answer would be: the client's own resolver refuses.
    let url = format!("http://localhost:{}/", address.port());
    strict.client.get(&url).send().await.unwrap_err();
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    guard(&["127.0.0.0/8"]).client.get(&url).send().await.unwrap();
    assert_eq!(visits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_allowed_server_is_read_whole_without_redirects_and_within_the_limit() {
    let (address, visits) = serve().await;
    let guard = guard(&["127.0.0.0/8"]);
    let request = |path: &str| reqwest::Client::new().get(format!("http://{address}{path}")).build().unwrap();
    let reply = guard.send(request("/")).await.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"here"[..]));
    let away = guard.send(request("/away")).await.unwrap();
    assert_eq!(away.status.as_u16(), 307);
    assert_eq!(visits.load(Ordering::SeqCst), 1, "the redirect was not followed");
    let large = guard.send(request("/large")).await;
    assert!(matches!(large, Err(OutgoingError::TooLarge { .. })), "{large:?}");
}

#[tokio::test]
async fn only_networks_of_ones_own_are_reached_without_tls() {
    let guard = guard(&["127.0.0.0/8"]);
    let request = |url: &str| reqwest::Client::new().get(url).build().unwrap();
    let plain = guard.send(request("http://1.1.1.1/")).await;
    assert!(matches!(plain, Err(OutgoingError::Unencrypted(_))), "{plain:?}");
    for url in ["ftp://127.0.0.1/", "file:///etc/passwd"] {
        let mut odd = request("http://127.0.0.1/");
        *odd.url_mut() = url.parse().unwrap();
        let refused = guard.send(odd).await;
        assert!(matches!(refused, Err(OutgoingError::Scheme(_))), "{url}: {refused:?}");
    }
}
