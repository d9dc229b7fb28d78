//! Migrations: an ordered list of SQL files, forward only, counted in `user_version`.
//!
//! A new file is built in place. A file with data in it is copied, the copy is migrated and checked, and only then
//! takes the file's place; the old file stays beside it as `<name>.before-<version>` until the next upgrade. A failure
//! at any point leaves the old file as it was. A file of a later program is refused. `current.sql` is the whole
//! schema for people to read; a test proves that the migrations lead to it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::Error;
use super::{open_for_writing, open_raw};

/// The migrations of one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// SQL of version 1, 2, …, in order.
    pub steps: &'static [&'static str],
    /// Asks for the highest event sequence; `None` for files without an event log.
    pub head_query: Option<&'static str>,
}

/// Migrations of `control.db`.
pub const CONTROL: Migrations = Migrations {
    steps: &[
        include_str!("../../schema/control/0001_start.sql"),
        include_str!("../../schema/control/0002_accounts.sql"),
        include_str!("../../schema/control/0003_invitation_mail.sql"),
    ],
    head_query: None,
};

/// Migrations of `tenant.db`.
pub const TENANT: Migrations = Migrations {
    steps: &[include_str!("../../schema/tenant/0001_start.sql"), include_str!("../../schema/tenant/0002_audit.sql")],
    head_query: Some("SELECT coalesce(max(sequence), 0) FROM event"),
};

impl Migrations {
    /// The version a file has after all steps.
    pub fn latest(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }

    /// The highest event sequence in the file.
    pub(super) fn head(&self, connection: &Connection) -> Result<i64, Error> {
        match self.head_query {
            Some(sql) => Ok(connection.query_row(sql, [], |row| row.get(0))?),
            None => Ok(0),
        }
    }
}

/// Brings the file at `path` to the latest version.
pub fn bring_up_to_date(path: &Path, migrations: &Migrations) -> Result<(), Error> {
    let connection = open_for_writing(path)?;
    let found = version(&connection)?;
    let known = migrations.latest();
    if found > known {
        return Err(Error::NewerFile { path: path.to_owned(), found, known });
    }
    if found == 0 {
        return apply(&connection, migrations, 0);
    }
    if found < known {
        return migrate_copy(path, connection, migrations, found);
    }
    Ok(())
}

/// The schema version of a file.
pub fn version(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn apply(connection: &Connection, migrations: &Migrations, from: i64) -> Result<(), Error> {
    let done = usize::try_from(from).unwrap_or(0);
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    for sql in migrations.steps.iter().skip(done) {
        if let Err(error) = connection.execute_batch(sql) {
            connection.execute_batch("ROLLBACK")?;
            return Err(error.into());
        }
    }
    connection.pragma_update(None, "user_version", migrations.latest())?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

fn migrate_copy(path: &Path, old: Connection, migrations: &Migrations, from: i64) -> Result<(), Error> {
    let copy_path = beside(path, "migrating");
    remove_if_there(&copy_path)?;
    let copy_text = copy_path.to_string_lossy().into_owned();
    old.execute("VACUUM INTO ?1", [&copy_text])?;
    let copy = open_raw(&copy_path)?;
    copy.pragma_update(None, "foreign_keys", false)?;
    apply(&copy, migrations, from)?;
    check(&copy, path)?;
    copy.close().map_err(|(_connection, source)| Error::from(source))?;
    old.pragma_update_and_check(None, "wal_checkpoint", "truncate", |_row| Ok(()))?;
    old.close().map_err(|(_connection, source)| Error::from(source))?;
    rename(path, &beside(path, &format!("before-{}", migrations.latest())))?;
    remove_if_there(&beside_raw(path, "-wal"))?;
    remove_if_there(&beside_raw(path, "-shm"))?;
    rename(&copy_path, path)
}

/// SQLite's own checks of the migrated copy.
fn check(copy: &Connection, path: &Path) -> Result<(), Error> {
    let finding: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let broken_references: i64 =
        copy.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if finding != "ok" {
        return Err(Error::MigrationCheck { path: path.to_owned(), finding });
    }
    if broken_references > 0 {
        let finding = format!("{broken_references} broken references");
        return Err(Error::MigrationCheck { path: path.to_owned(), finding });
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    beside_raw(path, &format!(".{suffix}"))
}

fn beside_raw(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(|source| Error::File { path: from.to_owned(), source })
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(connection: &Connection) -> Vec<(String, String)> {
        let mut statement = connection
            .prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, plain(&row.get::<_, String>(1)?)))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// SQL without comments, line breaks and the quotes that renaming a table leaves: a column added later stands in the
    /// stored text without its comment.
    fn plain(sql: &str) -> String {
        let words: Vec<&str> =
            sql.lines().flat_map(|line| line.split("--").next().unwrap_or("").split_whitespace()).collect();
        let text = words.join(" ").replace('"', "");
        text.replace(" ,", ",").replace("( ", "(").replace(" )", ")")
    }

    fn assert_migrations_lead_to(migrations: &Migrations, current: &str) {
        let folder = tempfile::tempdir().unwrap();
        let migrated_path = folder.path().join("migrated.db");
        bring_up_to_date(&migrated_path, migrations).unwrap();
        let whole = open_raw(&folder.path().join("whole.db")).unwrap();
        whole.execute_batch(current).unwrap();
        let schema = schema_of(&open_raw(&migrated_path).unwrap());
        assert!(schema.len() > 5, "the schema has tables");
        assert_eq!(schema, schema_of(&whole));
    }

    #[test]
    fn migrations_lead_to_current_sql() {
        assert_migrations_lead_to(&CONTROL, include_str!("../../schema/control/current.sql"));
        assert_migrations_lead_to(&TENANT, include_str!("../../schema/tenant/current.sql"));
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenant.db");
        bring_up_to_date(&path, &TENANT).unwrap();
        open_raw(&path).unwrap().pragma_update(None, "user_version", TENANT.latest() + 1).unwrap();
        let error = bring_up_to_date(&path, &TENANT).unwrap_err();
        assert!(matches!(error, Error::NewerFile { .. }), "{error}");
        assert_eq!(version(&open_raw(&path).unwrap()).unwrap(), TENANT.latest() + 1);
    }

    const FIRST: Migrations = Migrations { steps: &["CREATE TABLE a (x INTEGER NOT NULL) STRICT"], head_query: None };
    const SECOND: Migrations = Migrations {
        steps: &["CREATE TABLE a (x INTEGER NOT NULL) STRICT", "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7"],
        head_query: None,
    };
    const BROKEN: Migrations = Migrations {
        steps: &["CREATE TABLE a (x INTEGER NOT NULL) STRICT", "ALTER TABLE missing ADD COLUMN y INTEGER"],
        head_query: None,
    };

    #[test]
    fn an_upgrade_keeps_the_data_and_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        bring_up_to_date(&path, &FIRST).unwrap();
        open_raw(&path).unwrap().execute("INSERT INTO a (x) VALUES (41)", []).unwrap();
        bring_up_to_date(&path, &SECOND).unwrap();
        let sum: i64 = open_raw(&path).unwrap().query_row("SELECT x + y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 48);
        assert!(folder.path().join("a.db.before-2").try_exists().unwrap());
    }

    #[test]
    fn a_failed_upgrade_leaves_the_old_file_serving() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        bring_up_to_date(&path, &FIRST).unwrap();
        open_raw(&path).unwrap().execute("INSERT INTO a (x) VALUES (41)", []).unwrap();
        bring_up_to_date(&path, &BROKEN).unwrap_err();
        let x: i64 = open_raw(&path).unwrap().query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(x, 41);
        bring_up_to_date(&path, &SECOND).unwrap();
    }
}
