//! Reading and writing the archive: sizes and hashes, and what an entry may be called.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Component, Path};

use super::TransferError;
use super::manifest::{DATABASE, FILES, FileRow, Manifest, NAME};

/// Largest manifest that is read into memory.
const MANIFEST_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes copied at once.
const BUFFER: usize = 128 * 1024;

/// The archive being read.
pub(super) type Reader = tar::Archive<zstd::Decoder<'static, BufReader<File>>>;

/// Copies everything and hashes it on the way; stops beyond `most` bytes.
fn copy_hashed(from: &mut impl Read, to: &mut impl Write, most: u64) -> std::io::Result<FileRow> {
    let mut hasher = blake3::Hasher::new();
    let (mut buffer, mut bytes) = (vec![0; BUFFER], 0_u64);
    loop {
        let count = from.read(&mut buffer)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
        bytes = bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if bytes > most {
            return Err(std::io::Error::other("an entry is larger than it says"));
        }
        hasher.update(part);
        to.write_all(part)?;
    }
    Ok(FileRow { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// Size and hash of a file.
pub(super) fn describe(path: &Path) -> Result<FileRow, TransferError> {
    let mut file = File::open(path).map_err(TransferError::file(path))?;
    copy_hashed(&mut file, &mut std::io::sink(), u64::MAX).map_err(TransferError::file(path))
}

/// Writes the archive: the manifest, then its files from below `folder`. The file is only readable by its owner.
pub(super) fn write(path: &Path, manifest: &Manifest, sources: &[(String, &Path)]) -> Result<(), TransferError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(TransferError::file(path))?;
    let work = || -> std::io::Result<File> {
        let encoder = zstd::Encoder::new(BufWriter::new(file), zstd::DEFAULT_COMPRESSION_LEVEL)?;
        let mut archive = tar::Builder::new(encoder);
        let text = serde_json::to_vec_pretty(manifest)?;
        append(&mut archive, NAME, u64::try_from(text.len()).unwrap_or(u64::MAX), text.as_slice())?;
        for (name, source) in sources {
            let bytes = manifest.files.get(name).map_or(0, |row| row.bytes);
            append(&mut archive, name, bytes, File::open(source)?)?;
        }
        let encoder = archive.into_inner()?;
        encoder.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)
    };
    let file = work().map_err(TransferError::file(path))?;
    file.sync_all().map_err(TransferError::file(path))
}

/// The name stays within its header: one that does not fit fails here, because [`entries`] takes no extension.
fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, bytes: u64, source: impl Read) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    archive.append(&header, source.take(bytes))
}

/// Opens an archive.
pub(super) fn open(path: &Path) -> Result<Reader, TransferError> {
    let file = File::open(path).map_err(TransferError::file(path))?;
    let decoder = zstd::Decoder::new(file).map_err(TransferError::file(path))?;
    Ok(tar::Archive::new(decoder))
}

/// The entries as they stand. An entry that only extends the next one (a long name, attributes) would otherwise be read
/// into memory whole, however large it says it is, before anyone here sees it; so it is an entry like any other, and
/// refused as no plain file.
pub(super) fn entries(
    reader: &mut Reader,
) -> std::io::Result<tar::Entries<'_, zstd::Decoder<'static, BufReader<File>>>> {
    Ok(reader.entries()?.raw(true))
}

/// What a broken archive is refused with: whatever its reader says is about the archive.
fn broken(error: &std::io::Error) -> TransferError {
    TransferError::refused(format!("it cannot be read: {error}"))
}

/// Reads the manifest, which is the first entry.
pub(super) fn read_manifest(
    entry: Option<std::io::Result<tar::Entry<'_, impl Read>>>,
) -> Result<Manifest, TransferError> {
    let entry = entry.ok_or_else(|| TransferError::refused("it is empty"))?.map_err(|error| broken(&error))?;
    if !is_regular(&entry) || entry.path_bytes().as_ref() != NAME.as_bytes() {
        return Err(TransferError::refused(format!("its first entry is not {NAME}")));
    }
    if entry.size() > MANIFEST_BYTES {
        return Err(TransferError::refused(format!("{NAME} is too large")));
    }
    let mut text = Vec::new();
    entry.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(|error| broken(&error))?;
    serde_json::from_slice(&text).map_err(|error| TransferError::refused(format!("{NAME}: {error}")))
}

fn is_regular(entry: &tar::Entry<'_, impl Read>) -> bool {
    entry.header().entry_type() == tar::EntryType::Regular
}

/// Whether an entry may be called this: the database, or a file below `files` without a way out of it.
pub(super) fn is_allowed(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = path.components().all(|component| matches!(component, Component::Normal(_)));
    let is_written_plainly = !name.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    let is_known = name == DATABASE || name.strip_prefix(FILES).is_some_and(|rest| rest.starts_with('/'));
    is_plain && is_written_plainly && is_known && !name.contains(['\\', '\0'])
}

/// Unpacks the entries behind the manifest into a folder. Nothing is written that the manifest does not name, with the
/// size and the hash it says; links and special files are refused.
pub(super) fn unpack<'entry, R: Read + 'entry>(
    entries: impl Iterator<Item = std::io::Result<tar::Entry<'entry, R>>>,
    manifest: &Manifest,
    folder: &Path,
) -> Result<(), TransferError> {
    let mut missing = manifest.files.clone();
    for entry in entries {
        let mut entry = entry.map_err(|error| broken(&error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !is_regular(&entry) {
            return Err(TransferError::refused(format!("{name:?} is no plain file")));
        }
        if !is_allowed(&name) {
            return Err(TransferError::refused(format!("{name:?} is no place for a file")));
        }
        let Some(expected) = missing.remove(&name) else {
            return Err(TransferError::refused(format!("{name:?} is not in the manifest, or there twice")));
        };
        if entry.size() != expected.bytes {
            return Err(TransferError::refused(format!("{name:?} is not as large as the manifest says")));
        }
        let target = folder.join(&name);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(TransferError::file(parent))?;
        }
        let mut file = File::create_new(&target).map_err(TransferError::file(&target))?;
        let found = copy_hashed(&mut entry, &mut file, expected.bytes).map_err(|error| broken(&error))?;
        file.sync_all().map_err(TransferError::file(&target))?;
        if found != expected {
            return Err(TransferError::refused(format!("{name:?} was changed on the way: its hash is another")));
        }
    }
    match missing.keys().next() {
        Some(name) => Err(TransferError::refused(format!("{name:?} is missing"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn an_entry_stays_where_it_belongs() {
        for name in ["tenant.db", "files/a", "files/ab/cd"] {
            assert!(is_allowed(name), "{name}");
        }
        let refused = [
            "",
            "/tenant.db",
            "../tenant.db",
            "files",
            "files/",
            "files/..",
            "files/../tenant.db",
            "files//a",
            "files/./a",
            "filesystem/a",
            "tenant.db/",
            "./tenant.db",
            "files/a\\..\\b",
            "index/meta.json",
            "manifest.json",
            "tenant.db-wal",
        ];
        for name in refused {
            assert!(!is_allowed(name), "{name}");
        }
    }
}
