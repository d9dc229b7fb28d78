//! What can go wrong with an index.
//!
//! Contract: an error says what the caller should do: [`IndexError::Corrupt`] means rebuild (the index is derived, nothing
//! is lost), [`IndexError::Busy`] means try again later, [`IndexError::Io`] and [`IndexError::Engine`] mean report and try
//! again. tantivy panics on some damaged files, so every call into it goes through [`guard`].
//!
//! Rejected: one variant per tantivy error, because callers cannot act on the difference; handing out `TantivyError`,
//! because only this module names tantivy.

use std::error::Error;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tantivy::TantivyError;
use tantivy::directory::error::OpenReadError;

/// Why an operation on an index failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The files are damaged: build the index anew.
    #[error("the search index is damaged: {reason}")]
    Corrupt {
        /// What was found.
        reason: String,
    },
    /// Another writer of this index is open.
    #[error("the search index already has a writer")]
    Busy,
    /// A cursor of one sort order was given with another.
    #[error("the cursor belongs to another sort order")]
    WrongCursor,
    /// A file or folder could not be read or written.
    #[error("cannot access the search index in {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The engine failed for a reason of its own, such as a full disk. A writer is of no use after this.
    #[error("the search engine failed")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
}

impl IndexError {
    pub(super) fn corrupt(reason: &impl ToString) -> Self {
        Self::Corrupt { reason: reason.to_string() }
    }

    /// Names the file in an I/O error.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        match &error {
            TantivyError::LockFailure(..) => Self::Busy,
            TantivyError::DataCorruption(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::FieldNotFound(_)
            | TantivyError::DeserializeError(_)
            | TantivyError::InternalError(_)
            | TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_)) => {
                Self::corrupt(&error)
            }
            TantivyError::IoError(source) if is_damage(source) => Self::corrupt(&error),
            TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) if is_damage(io_error) => {
                Self::corrupt(&error)
            }
            _ => Self::Engine(Box::new(error)),
        }
    }
}

impl From<io::Error> for IndexError {
    /// Only for reads inside index files; elsewhere [`IndexError::io`] names the path.
    fn from(error: io::Error) -> Self {
        TantivyError::from(error).into()
    }
}

/// Runs engine code and turns a panic into [`IndexError::Corrupt`]: damaged data is what makes it panic.
pub(super) fn guard<T>(run: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<&str>()
            .map(|&text| text.to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(IndexError::Corrupt { reason: format!("the engine panicked: {reason}") })
    })
}

/// Whether an I/O error comes from the content of a file and not from the disk or its rights. The engine's own findings
/// have the kind `Other`, which the system's errors never have.
fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotFound
            | io::ErrorKind::Other
    )
}
