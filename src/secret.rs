//! The master key and what is derived from it: the key of access tokens, the key that seals secrets at rest, the key that
//! seals the end of an audit log.
//!
//! `secret.key` holds one key a line in hexadecimal, readable by its owner only; it is made at the first start. The first
//! line is the key in force. More lines are there only while `salesbrain secret rotate` works: what the former keys sealed
//! can still be opened, so a rotation that is interrupted is simply run again.
//!
//! A sealed secret is bound to what it belongs to (its context): copied into another row it does not open. Rejected:
//! encrypting whole files, because everything is then lost with one key and no tool can open an organization's file.

pub mod rotation;

use std::fmt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// Why the master key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file does not hold keys.
    #[error("{path} does not hold a key of 32 bytes in hexadecimal on each line")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and has nothing in it.
    #[error(
        "{path} is empty: put it back from a backup; only if this appliance has never run may it be deleted, and a new \
         key is made at the next start"
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// A sealed secret does not open: another key, another context, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open with this master key")]
pub struct SealError;

/// One master key and what is derived from it.
#[derive(Clone)]
struct Master([u8; 32]);

/// The first byte of a sealed secret: how it is sealed.
const SEAL_VERSION: u8 = 1;
/// Bytes of a key's mark in a sealed secret.
const MARK_BYTES: usize = 4;
/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

impl Master {
    fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.derive("salesbrain 2026 sealed secret")))
    }

    /// Tells which key sealed something, and nothing about the key.
    fn mark(&self) -> [u8; MARK_BYTES] {
        let [a, b, c, d, ..] = self.derive("salesbrain 2026 key mark");
        [a, b, c, d]
    }
}

/// The master keys. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    current: Master,
    former: Vec<Master>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// Reads the keys, or makes the first.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::read(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keyring = Self { current: Master(rand::random()), former: Vec::new() };
                create_private(path, &keyring.text())
                    .map_err(|source| KeyError::File { path: path.to_owned(), source })?;
                // Another start may have been first: then its key counts.
                Self::open_existing(path)
            }
            Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
        }
    }

    /// Reads the keys and makes none: for commands that only look.
    pub fn open_existing(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
        Self::read(&text, path)
    }

    fn read(text: &str, path: &Path) -> Result<Self, KeyError> {
        if text.trim().is_empty() {
            return Err(KeyError::Empty { path: path.to_owned() });
        }
        Self::parse(text).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut keys = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
            let hash = blake3::Hash::from_hex(line).ok()?;
            Some(Master(*hash.as_bytes()))
        });
        let current = keys.next()??;
        Some(Self { current, former: keys.collect::<Option<_>>()? })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for key in std::iter::once(&self.current).chain(&self.former) {
            text.push_str(&blake3::Hash::from_bytes(key.0).to_hex());
            text.push('\n');
        }
        text
    }

    /// The key of a purpose, from the master key in force.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.current.derive(purpose)
    }

    /// The same from every key, the one in force first.
    pub fn derive_all(&self, purpose: &str) -> Vec<[u8; 32]> {
        std::iter::once(&self.current).chain(&self.former).map(|key| key.derive(purpose)).collect()
    }

    /// Seals a secret for a place, such as `account.totp:<id>`.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let encrypted = self.current.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_opaque| SealError)?;
        let mut sealed = vec![SEAL_VERSION];
        sealed.extend_from_slice(&self.current.mark());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&encrypted);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] sealed for the same place.
    pub fn open_sealed(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&version, rest) = sealed.split_first().ok_or(SealError)?;
        let (mark, rest) = rest.split_first_chunk::<MARK_BYTES>().ok_or(SealError)?;
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError)?;
        if version != SEAL_VERSION {
            return Err(SealError);
        }
        let key =
            std::iter::once(&self.current).chain(&self.former).find(|key| key.mark() == *mark).ok_or(SealError)?;
        let payload = Payload { msg: encrypted, aad: context.as_bytes() };
        key.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_opaque| SealError)
    }

    /// Puts a new key in force and keeps the former one beside it; goes on with a rotation that was interrupted.
    pub fn begin_rotation(path: &Path) -> Result<Self, KeyError> {
        let before = Self::open_existing(path)?;
        if !before.former.is_empty() {
            return Ok(before);
        }
        let during = Self { current: Master(rand::random()), former: vec![before.current] };
        during.replace(path)?;
        Ok(during)
    }

    /// Forgets the former keys: nothing is sealed with them any more.
    pub fn finish_rotation(&self, path: &Path) -> Result<Self, KeyError> {
        let after = Self { current: self.current.clone(), former: Vec::new() };
        after.replace(path)?;
        Ok(after)
    }

    /// Writes the keys into the place of the file: a crash leaves the old file or the new one, never half of one.
    fn replace(&self, path: &Path) -> Result<(), KeyError> {
        let beside = path.with_extension("key.new");
        let work = || -> std::io::Result<()> {
            match std::fs::remove_file(&beside) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            write_private(&beside, &self.text())?;
            std::fs::rename(&beside, path)?;
            path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
        };
        work().map_err(|source| KeyError::File { path: path.to_owned(), source })
    }

    /// The same secret sealed with the key in force; `None` if it is already.
    pub fn reseal(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        if self.is_current(sealed) {
            return Ok(None);
        }
        self.seal(context, &self.open_sealed(context, sealed)?).map(Some)
    }

    /// Whether a former key sealed it.
    pub fn is_former(&self, sealed: &[u8]) -> bool {
        let (version, mark) = (sealed.first(), sealed.get(1..=MARK_BYTES));
        version == Some(&SEAL_VERSION) && self.former.iter().any(|key| mark == Some(key.mark().as_slice()))
    }

    /// Whether the key in force sealed it.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=MARK_BYTES) == Some(self.current.mark().as_slice())
    }
}

/// Makes the file in one step: it is there with all of its text, on the disk, or not at all. One that is there already
/// stays as it is, which a rename would not leave it.
fn create_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension(format!("key.{:016x}", rand::random::<u64>()));
    let linked = write_private(&beside, text).and_then(|()| std::fs::hard_link(&beside, path));
    let removed = std::fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_own_place_with_its_own_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Keyring::open(&folder.path().join("a.key")).unwrap();
        let theirs = Keyring::open(&folder.path().join("b.key")).unwrap();
        let sealed = ours.seal("account.totp:1", b"JBSWY3DPEHPK3PXP").unwrap();
        assert!(!sealed.windows(8).any(|part| part == b"JBSWY3DP"));
        assert_eq!(ours.open_sealed("account.totp:1", &sealed).unwrap(), b"JBSWY3DPEHPK3PXP");
        assert_eq!(ours.open_sealed("account.totp:2", &sealed), Err(SealError), "another place");
        assert_eq!(theirs.open_sealed("account.totp:1", &sealed), Err(SealError), "another key");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(ours.open_sealed("account.totp:1", &changed), Err(SealError), "byte {place} changed");
            assert_eq!(ours.open_sealed("account.totp:1", &sealed[..place]), Err(SealError), "cut at {place}");
        }
    }

    #[test]
    fn what_a_former_key_sealed_opens_while_the_key_is_named() {
        let (old, new) = (Master([1; 32]), Master([2; 32]));
        let before = Keyring { current: old.clone(), former: Vec::new() };
        let sealed = before.seal("x", b"secret").unwrap();
        let during = Keyring { current: new.clone(), former: vec![old] };
        assert_eq!(during.open_sealed("x", &sealed).unwrap(), b"secret");
        assert!(before.is_current(&sealed) && !during.is_current(&sealed));
        assert_eq!(Keyring { current: new, former: Vec::new() }.open_sealed("x", &sealed), Err(SealError));
        let read = Keyring::parse(&during.text()).unwrap();
        assert_eq!(read.text(), during.text());
    }

    #[test]
    fn the_key_is_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let first = Keyring::open(&path).unwrap();
        assert_eq!(Keyring::open(&path).unwrap().derive("x"), first.derive("x"));
        assert_ne!(first.derive("x"), first.derive("y"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for nothing in ["", "\n\n"] {
            std::fs::write(&path, nothing).unwrap();
            let error = Keyring::open(&path).unwrap_err();
            assert!(matches!(error, KeyError::Empty { .. }), "{nothing:?}");
            assert!(error.to_string().contains("put it back from a backup"), "{error}");
        }
        for garbage in ["garbage", "00"] {
            std::fs::write(&path, garbage).unwrap();
            assert!(matches!(Keyring::open(&path), Err(KeyError::Malformed { .. })), "{garbage:?}");
        }
    }

    #[test]
    fn the_first_key_is_made_whole_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> =
                (0..8).map(|_start| scope.spawn(|| Keyring::open(&path).unwrap().derive("x"))).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "starts at the same time have one key");
        let text = std::fs::read_to_string(&path).unwrap();
        create_private(&path, "another").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "a key that is there is not written over");
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["secret.key"], "nothing is left beside it");
    }
}
