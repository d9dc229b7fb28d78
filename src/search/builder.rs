//! Building an index aside and putting it in the place of the old one.
//!
//! Contract: the old index answers until [`IndexBuilder::swap`] and, for searches under way, beyond it. A crash at any
//! moment leaves either the old index or the new one: the next [`SearchIndex::open`] removes the rest. Feed messages
//! oldest or newest first if that costs nothing: it makes merging cheaper; any order is right.
//!
//! Rejected: rebuilding in place, because searches would be incomplete for minutes; exchanging the folders with one system call
//! (`renameat2`), because it needs unsafe code or one crate more and `open` can finish two renames as well.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tantivy::Index;
use tantivy::directory::MmapDirectory;

use super::SearchDocument;
use super::error::{IndexError, guard};
use super::index::{Live, SearchIndex, building_directory, remove_directory, replaced_directory};
use super::indexer::{BUILDER_MEMORY_BYTES, DocumentWriter, WriterPermit};
use super::schema::{self, Fields};

/// Builds a whole index beside the place where it will be.
pub struct IndexBuilder {
    directory: PathBuf,
    fields: Fields,
    writer: DocumentWriter,
    permit: WriterPermit,
}

impl IndexBuilder {
    /// Starts in `<directory>.building`; what is left there from an earlier try is removed.
    pub fn create(directory: &Path, permit: WriterPermit) -> Result<Self, IndexError> {
        let building = building_directory(directory);
        remove_directory(&building)?;
        fs::create_dir_all(&building).map_err(IndexError::io(&building))?;
        let (schema, fields) = schema::build();
        let writer = guard(|| {
            let store = MmapDirectory::open(&building).map_err(tantivy::TantivyError::from)?;
            let index = Index::create(store, schema, schema::settings())?;
            schema::register_tokenizer(&index);
            DocumentWriter::open(&index, fields, BUILDER_MEMORY_BYTES)
        })?;
        Ok(Self { directory: directory.to_owned(), fields, writer, permit })
    }

    /// Adds messages; one that was added before is replaced.
    pub fn add(&mut self, messages: &[SearchDocument]) -> Result<(), IndexError> {
        self.permit.note_work();
        guard(|| messages.iter().try_for_each(|message| self.writer.add(message)))
    }

    /// Completes the index up to this event and puts it into its place. Every clone of `current`, the handle of the index that is
    /// replaced, shows the new one from then on; without it (there was no usable index) a handle is made. Fails with
    /// [`IndexError::Busy`] while `current` has an [`super::Indexer`]: its commits would go into the new folder.
    pub fn swap(mut self, cursor: u64, current: Option<&SearchIndex>) -> Result<SearchIndex, IndexError> {
        let directory = self.directory;
        guard(|| {
            self.writer.commit(cursor)?;
            self.writer.finish()
        })?;
        if let Some(current) = current {
            current.take_writer()?;
        }
        let swapped = replace_directory(&directory).and_then(|()| guard(|| load(&directory, self.fields, cursor)));
        if let Some(current) = current {
            current.release_writer();
        }
        let live = swapped?;
        Ok(match current {
            Some(current) => {
                current.replace(live);
                current.clone()
            }
            None => SearchIndex::new(&directory, live),
        })
    }
}

fn load(directory: &Path, fields: Fields, cursor: u64) -> Result<Live, IndexError> {
    let index = Index::open_in_dir(directory)?;
    schema::register_tokenizer(&index);
    Live::load(index, fields, cursor)
}

/// Moves the built folder into place. Open files of the old one stay readable until the last search lets go of them.
fn replace_directory(directory: &Path) -> Result<(), IndexError> {
    let (building, replaced) = (building_directory(directory), replaced_directory(directory));
    remove_directory(&replaced)?;
    if directory.try_exists().map_err(IndexError::io(directory))? {
        fs::rename(directory, &replaced).map_err(IndexError::io(directory))?;
    }
    if let Err(error) = fs::rename(&building, directory) {
        // The old index is still in use: put it back, and report why the swap failed rather than what follows from it.
        drop(fs::rename(&replaced, directory));
        return Err(IndexError::io(&building)(error));
    }
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(IndexError::io(parent))?;
    }
    remove_directory(&replaced)
}
