//! Password hashing: argon2id with the crate's recommended cost (19 MiB, 2 passes), on blocking threads.
//!
//! Hashes brought from elsewhere may be bcrypt; they are checked here and replaced at the next sign-in. As long as one is
//! left, every check does the work of both kinds, whatever the account has and whether there is one: the time of an
//! answer says nothing. Rejected: hashing the old hash once more, which keeps a second scheme for ever.
//!
//! At most [`PARALLEL`] at a time: each takes 19 MiB, and a flood of sign-ins must not take the machine's memory. A hash
//! counts until it is computed, also when whoever asked has hung up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::{Code, Error, Result};

/// Hashes computed at the same time.
const PARALLEL: usize = 2;
/// A hash of a random password: what an unknown address is checked against, so that the answer takes as long as for
/// a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$S2V5LW9mLW5vYm9keS1ldmVyLXVzZWQtMTIzNDU2Nzg";

/// Hashes and checks passwords.
pub struct Hasher {
    permits: Arc<Semaphore>,
    computed: AtomicU64,
}

impl Hasher {
    /// A hasher with the standard cost.
    pub fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(PARALLEL)), computed: AtomicU64::new(0) }
    }

    /// How many hashes and checks were computed so far: every sign-in must cost one, whoever it is.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.on_blocking_thread(move || hash_blocking(&password)).await?
    }

    /// Whether the password belongs to the hash; `None` for an account that does not exist. `bcrypt_cost` is the highest
    /// of any account's hash, 0 if none is left.
    pub async fn is_match(&self, password: String, hash: Option<String>, bcrypt_cost: u32) -> Result<bool> {
        self.on_blocking_thread(move || check_blocking(&password, hash.as_deref(), bcrypt_cost)).await
    }

    async fn on_blocking_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Error::internal)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let work = move || {
            let outcome = work();
            drop(permit);
            outcome
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// [`Hasher::hash`] for threads that may block.
pub fn hash_blocking(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| Error::new(Code::Internal, "something went wrong on our side").because(error.to_string()))
}

/// Costs of bcrypt that are checked; a higher one would keep a thread busy for seconds.
pub const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// The cost of a bcrypt hash; `None` if it is none, or one we do not check.
pub fn bcrypt_cost(hash: &str) -> Option<u32> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version));
    (is_known && BCRYPT_COSTS.contains(&parts.get_cost())).then(|| parts.get_cost())
}

/// Whether a hash can be brought from elsewhere: bcrypt of a cost we check, or argon2id that costs what ours does. Another
/// argon2id would take another time than the check of an address without an account, which would tell who has one.
pub fn is_importable(hash: &str) -> bool {
    use argon2::Params;
    use argon2::password_hash::phc::PasswordHash;
    let is_ours = |parsed: &PasswordHash| {
        let is = |name: &str, ours: u32| parsed.params.get_decimal(name) == Some(ours);
        let is_cost_ours = is("m", Params::DEFAULT_M_COST) && is("t", Params::DEFAULT_T_COST);
        parsed.algorithm.as_str() == "argon2id" && is_cost_ours && is("p", Params::DEFAULT_P_COST)
    };
    bcrypt_cost(hash).is_some() || PasswordHash::new(hash).is_ok_and(|parsed| parsed.hash.is_some() && is_ours(&parsed))
}

/// Does the same work for every account and none.
fn check_blocking(password: &str, hash: Option<&str>, bcrypt_cost_of_all: u32) -> bool {
    let own_cost = hash.and_then(bcrypt_cost);
    let argon2_hash = hash.filter(|hash| own_cost.is_none() && !hash.is_empty());
    let is_argon2_match = is_match_blocking(password, argon2_hash.unwrap_or(NOBODY)) && argon2_hash.is_some();
    let is_bcrypt_match =
        hash.is_some_and(|hash| own_cost.is_some() && bcrypt::verify(password, hash).unwrap_or(false));
    // A check costs 2^cost: what this account's lacks to the highest is 2^own + 2^(own + 1) + … below it.
    let missing = match own_cost {
        Some(own_cost) => own_cost..bcrypt_cost_of_all,
        None if bcrypt_cost_of_all == 0 => 0..0,
        None => bcrypt_cost_of_all..bcrypt_cost_of_all.saturating_add(1),
    };
    for cost in missing {
        std::hint::black_box(bcrypt::hash_with_salt(password, cost, [0; 16])).ok();
    }
    is_argon2_match || is_bcrypt_match
}

fn is_match_blocking(password: &str, hash: &str) -> bool {
    argon2::password_hash::phc::PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = hash_blocking("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(is_match_blocking("correct horse battery", &hash));
        assert!(!is_match_blocking("correct horse batterz", &hash));
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_does_not_make_room_before_the_hash_is_done() {
        let hasher = Hasher::new();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let hashing = hasher.on_blocking_thread(move || {
            begin.send(()).unwrap();
            finished.recv()
        });
        tokio::select! {
            _outcome = hashing => panic!("it ended by itself"),
            begun = begun => begun.unwrap(),
        }
        assert_eq!(hasher.permits.available_permits(), PARALLEL - 1);
        finish.send(()).unwrap();
        let all = hasher.permits.acquire_many(u32::try_from(PARALLEL).unwrap());
        let _all = tokio::time::timeout(std::time::Duration::from_secs(20), all).await.unwrap().unwrap();
    }

    #[test]
    fn a_bcrypt_hash_matches_its_own_password_only() {
        // From the test vectors of the reference implementation.
        let hash = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
        for version in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash.replace("$2a$", version);
            assert_eq!(bcrypt_cost(&hash), Some(6));
            assert!(check_blocking("abc", Some(&hash), 6) && check_blocking("abc", Some(&hash), 7), "{version}");
            assert!(!check_blocking("abd", Some(&hash), 6), "{version}");
        }
        assert!(!check_blocking("", Some(""), 4), "an account without a password");
        assert!(!check_blocking("abc", None, 4));
        for other in ["$2x$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "$2a$31$x", "$1$abc", ""] {
            assert_eq!(bcrypt_cost(other), None, "{other}");
            assert!(!is_importable(other), "{other}");
        }
        assert!(is_importable(hash) && is_importable(&hash_blocking("correct horse battery").unwrap()));
        assert!(is_importable(NOBODY));
        for (ours, other) in [("m=19456", "m=4194304"), ("m=19456", "m=65536"), ("t=2", "t=3"), ("argon2id", "argon2i")]
        {
            assert!(!is_importable(&NOBODY.replace(ours, other)), "{other}");
        }
    }

    #[test]
    fn the_hash_of_nobody_is_a_real_hash() {
        argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        assert!(!is_match_blocking("", NOBODY));
    }
}
