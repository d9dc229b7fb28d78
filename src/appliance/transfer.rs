//! Moving an organization to another appliance: everything it has in one file, and back.
//!
//! The file is a tar archive, compressed with zstd. First comes `manifest.json`: what `control.db` knows of the organization,
//! how its audit log ends, and size and hash of every file that follows; then `tenant.db` and `files/`. The search index is
//! not in it: it is built anew. Ids stay what they were. Both ways work beside a running appliance.
//!
//! Without being asked for them no secrets leave: no passwords, authenticators, webhook secrets or API keys. An imported
//! connection then gets a new secret, an imported account has no password. A shared connection the organization used
//! becomes its own. Passkeys and identities never leave, because they are bound to the address of the appliance, nor do
//! invitations, which are secrets with an end.
//!
//! Rejected: a copy of the folder by hand, which misses its rows in `control.db` and can be half; a dump in SQL, which
//! must be believed row by row.

mod archive;
pub mod export;
pub mod import;
pub mod manifest;
mod store;

use std::path::PathBuf;

/// Why an organization could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is no such organization.
    #[error("there is no such organization")]
    Unknown,
    /// Something with the same id is there already.
    #[error("{0}")]
    Exists(String),
    /// The file is not one of ours, was changed on the way, or is not whole.
    #[error("the file is refused: {0}")]
    Refused(String),
    /// Reading or writing a file failed.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The data could not be read or stored.
    #[error("the data cannot be read or stored")]
    Store(#[from] crate::store::Error),
    /// A secret of the appliance does not open.
    #[error("a secret of the appliance does not open")]
    Seal(#[from] crate::secret::SealError),
    /// The program is ending.
    #[error("the work was cut short")]
    CutShort,
}

impl From<rusqlite::Error> for TransferError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl TransferError {
    fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    fn refused(finding: impl Into<String>) -> Self {
        Self::Refused(finding.into())
    }
}
