//! Password hashing: argon2id with the crate's recommended cost (19 MiB, 2 passes), on blocking threads.
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

    /// Whether the password belongs to the hash; `None` for an account that does not exist.
    pub async fn is_match(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.on_blocking_thread(move || {
            let is_known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            is_match_blocking(&password, &hash) && is_known
        })
        .await
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
    fn the_hash_of_nobody_is_a_real_hash() {
        argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        assert!(!is_match_blocking("", NOBODY));
    }
}
