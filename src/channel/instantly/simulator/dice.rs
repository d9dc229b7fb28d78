//! [`Dice`]: all randomness of the simulator, repeatable from a seed.
//!
//! Every lead, every journey and every message throws dice of its own, found by number, so that one message can be made
//! without making those before it and an added throw in one place does not change everything after it. `rand`'s
//! distributions were rejected: their results may change between releases, and the payload stream of a seed must not.

use rand::SeedableRng;
use rand::rand_core::Rng;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

/// What a set of dice is for; keeps the streams of different purposes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Ids of the workspace, campaigns and mailboxes.
    Workspace = 1,
    /// One lead.
    Lead = 2,
    /// The plan of one journey.
    Journey = 3,
    /// One message or event.
    Message = 4,
    /// The pace of the live stream.
    Pace = 5,
    /// Replies made for load tests.
    Load = 6,
    /// What the deliverer does to payloads.
    Delivery = 7,
}

/// A seeded source of choices.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice number `number` for a purpose.
    pub(super) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed ^ ((purpose as u64) << 56));
        generator.set_stream(number);
        Self(generator)
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to, but not including, `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add_unsigned(self.below(span.saturating_add(1)))
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A number from 0 up to, but not including, 1.
    pub(super) fn fraction(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / (f64::from(u32::MAX) + 1.0)
    }

    /// One of the items; the type's default if there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let index = self.index(items.len());
        items.get(index).copied().unwrap_or_default()
    }

    /// An index into something of that length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// The index of one of the weights, each as likely as it is large.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let total: f64 = weights.iter().sum();
        let mut rest = self.fraction() * total;
        for (index, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return index;
            }
            rest -= weight;
        }
        0
    }

    /// An id as the service makes them: version 7 of that time.
    pub(super) fn uuid_v7(&mut self, at_ms: i64) -> Uuid {
        let mut random = [0_u8; 10];
        self.0.fill_bytes(&mut random);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(at_ms).unwrap_or(0), &random).into_uuid()
    }

    /// A thread id as the service writes them: two hex digits, a hyphen, 23 base64url characters.
    pub(super) fn thread_id(&mut self) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut id = String::with_capacity(26);
        for position in 0..26 {
            let letter = match position {
                0 | 1 => self.pick(HEX),
                2 => b'-',
                _ => self.pick(BASE64URL),
            };
            id.push(char::from(letter));
        }
        id
    }
}
