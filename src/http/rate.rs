//! How many requests a caller may send: a bucket per account, per API key, and per address for those who are nobody yet.
//!
//! A request counts once: for the account or key it stands for, or, if it stands for none, for the address it came from.
//! So an office behind one address shares only the bucket of those who are not signed in, and someone who floods from
//! there costs its members nothing. An address is an IPv4 address or an IPv6 network of 64 bits, as for sign-ins.
//!
//! Webhooks, `/health` and the interface's files are not counted at all: a provider's burst of thousands a second from
//! one address is what the appliance is for, and none of its cost may go into counting.
//!
//! Memory is bounded: beyond [`MOST_KEYS`] the buckets that are full again are dropped, and if that does not help, newcomers
//! share [`SHARED`] buckets until it does. Rejected: a layer of its own crate around the router, which would not know who
//! the caller is.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use crate::account::standing::{Standing, Via};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::network::Network;

/// Most buckets kept of a kind.
const MOST_KEYS: usize = 50_000;
/// Buckets newcomers share while there are more than that.
const SHARED: u64 = 4_096;

/// The paths nobody counts.
pub fn is_counted(path: &str) -> bool {
    !path.starts_with("/webhooks/") && path != "/health"
}

/// The buckets.
pub struct RateLimits {
    callers: Option<Buckets>,
    addresses: Option<Buckets>,
}

impl RateLimits {
    /// Full buckets, as large as the settings say; a setting of 0 limits nothing.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        Self {
            callers: Buckets::new(config.rate_limit_per_minute, clock),
            addresses: Buckets::new(config.address_rate_limit_per_minute, clock),
        }
    }

    /// Counts a request of someone who is signed in, or of a key.
    pub fn take(&self, standing: &Standing) -> Result<()> {
        let Some(callers) = &self.callers else { return Ok(()) };
        callers.take(match &standing.via {
            Via::Session(_id) => Holder::Account(standing.me.account.id.uuid()),
            Via::ApiKey(id, _name) => Holder::Program(id.uuid()),
        })
    }

    /// Counts a request of someone who is nobody yet.
    pub fn take_address(&self, address: IpAddr) -> Result<()> {
        let Some(addresses) = &self.addresses else { return Ok(()) };
        addresses.take(Holder::Address(Network::of_caller(address)))
    }
}

/// Whose bucket it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Account(Uuid),
    Program(Uuid),
    Address(Network),
    /// One of those for everybody there is no room for.
    Shared(u64),
}

/// Buckets of one size.
struct Buckets {
    limiter: RateLimiter<Holder, HashMapStateStore<Holder>, Ticks, NoOpMiddleware<Duration>>,
    /// When full ones were last looked for, in seconds of the limiter's clock.
    pruned_at_s: AtomicU64,
}

impl Buckets {
    fn new(per_minute: u32, clock: &Clock) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
        let ticks = Ticks { clock: clock.clone(), started: Instant::now() };
        Some(Self { limiter: RateLimiter::hashmap_with_clock(quota, ticks), pruned_at_s: AtomicU64::new(0) })
    }

    fn take(&self, holder: Holder) -> Result<()> {
        let holder = if self.has_room() { holder } else { shared(holder) };
        self.limiter.check_key(&holder).map_err(|refused| {
            let wait = refused.wait_time_from(self.limiter.clock().now());
            let error = Error::new(Code::RateLimited, "too many requests: wait a while and try again");
            Error { retry_after_s: Some(wait.as_secs().saturating_add(1)), ..error }
        })
    }

    /// Whether a newcomer may have a bucket of their own; makes room at most once a second, because that looks at all.
    fn has_room(&self) -> bool {
        if self.limiter.len() < MOST_KEYS {
            return true;
        }
        let now_s = self.limiter.clock().now().as_secs();
        if self.pruned_at_s.swap(now_s, Ordering::Relaxed) != now_s {
            self.limiter.retain_recent();
        }
        self.limiter.len() < MOST_KEYS
    }
}

/// The bucket a newcomer shares; which one is not for them to choose.
fn shared(holder: Holder) -> Holder {
    let text = match holder {
        Holder::Account(id) | Holder::Program(id) => id.to_string(),
        Holder::Address(network) => network.to_string(),
        Holder::Shared(_number) => return holder,
    };
    let [first, second, ..] = *blake3::hash(text.as_bytes()).as_bytes();
    Holder::Shared(u64::from(u16::from_le_bytes([first, second])) % SHARED)
}

/// Time since the program started: setting the machine's clock back must not keep anybody out. A test's clock is taken as
/// it is.
struct Ticks {
    clock: Clock,
    started: Instant,
}

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        match &self.clock {
            Clock::System => self.started.elapsed(),
            Clock::Fixed(_) => Duration::from_millis(u64::try_from(self.clock.now_ms()).unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> Holder {
        Holder::Address(Network::of_caller(IpAddr::from(number.to_be_bytes())))
    }

    #[test]
    fn a_bucket_fills_up_again_and_is_nobody_elses() {
        let clock = Clock::fixed(1_000_000);
        let buckets = Buckets::new(60, &clock).unwrap();
        for _request in 0..60 {
            buckets.take(address(1)).unwrap();
        }
        let refused = buckets.take(address(1)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_s), (Code::RateLimited, Some(2)));
        buckets.take(address(2)).unwrap();
        clock.advance_ms(1_000);
        buckets.take(address(1)).unwrap();
        buckets.take(address(1)).unwrap_err();
        clock.advance_ms(60_000);
        for _request in 0..60 {
            buckets.take(address(1)).unwrap();
        }
    }

    #[test]
    fn no_limit_is_no_limit() {
        assert!(Buckets::new(0, &Clock::System).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let clock = Clock::fixed(1_000_000);
        let buckets = Buckets::new(2, &clock).unwrap();
        let most = u32::try_from(MOST_KEYS).unwrap();
        let newcomers = u32::try_from(SHARED).unwrap() * 4;
        let refused = (0..most + newcomers).filter(|number| buckets.take(address(*number)).is_err()).count();
        assert!(buckets.limiter.len() <= MOST_KEYS + usize::try_from(SHARED).unwrap(), "{}", buckets.limiter.len());
        // Four times as many newcomers as shared buckets of two: about half of them find an empty one.
        assert!(refused > 1_000, "only {refused} newcomers were limited");
        // Whoever was quiet long enough is forgotten.
        clock.advance_ms(120_000);
        buckets.take(address(1)).unwrap();
        assert!(buckets.limiter.len() < 10, "{}", buckets.limiter.len());
    }
}
