//! SQL of pictures of people, in `control.db`.

use rusqlite::{Connection, OptionalExtension};

use crate::id::{AccountId, OrganizationId};
use crate::store::{Error, Tx};

/// A picture.
#[derive(Debug)]
pub struct Avatar {
    /// PNG.
    pub image: Vec<u8>,
    /// When it was uploaded, UTC milliseconds.
    pub at_ms: i64,
}

/// Who looks.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The account.
    pub account_id: AccountId,
    /// Only members of this organization are shown; `None` shows those of all the account is in.
    pub organization_id: Option<OrganizationId>,
    /// Of the appliance's staff, who see every account.
    pub is_staff: bool,
}

/// An account's picture, if the viewer shares an organization with the account.
pub fn find_avatar(connection: &Connection, id: AccountId, viewer: Viewer) -> Result<Option<Avatar>, Error> {
    let sql = "SELECT v.image, a.avatar_at_ms FROM avatar v JOIN account a ON a.id = v.account_id
               WHERE v.account_id = ?1 AND (?3 OR (?1 = ?2 AND ?4 IS NULL) OR EXISTS (
                   SELECT 1 FROM membership mine JOIN membership theirs ON theirs.organization_id = mine.organization_id
                   WHERE mine.account_id = ?2 AND theirs.account_id = ?1 AND (?4 IS NULL OR mine.organization_id = ?4)))";
    let parameters = (id, viewer.account_id, viewer.is_staff, viewer.organization_id);
    let read = |row: &rusqlite::Row<'_>| Ok(Avatar { image: row.get(0)?, at_ms: row.get(1)? });
    Ok(connection.prepare_cached(sql)?.query_row(parameters, read).optional()?)
}

/// When an account's picture was uploaded; 0 if there is none.
pub fn find_avatar_time(connection: &Connection, id: AccountId) -> Result<i64, Error> {
    Ok(connection.query_row("SELECT avatar_at_ms FROM account WHERE id = ?1", [id], |row| row.get(0))?)
}

/// Keeps a picture; answers when, later than any before it.
pub fn update_avatar(tx: &Tx<'_>, id: AccountId, image: &[u8]) -> Result<i64, Error> {
    tx.connection().execute("INSERT OR REPLACE INTO avatar (account_id, image) VALUES (?1, ?2)", (id, image))?;
    let sql = "UPDATE account SET avatar_at_ms = max(?2, avatar_at_ms + 1) WHERE id = ?1 RETURNING avatar_at_ms";
    Ok(tx.connection().query_row(sql, (id, tx.now_ms()), |row| row.get(0))?)
}

/// Takes a picture away.
pub fn delete_avatar(tx: &Tx<'_>, id: AccountId) -> Result<(), Error> {
    tx.connection().execute("DELETE FROM avatar WHERE account_id = ?1", [id])?;
    tx.connection().execute("UPDATE account SET avatar_at_ms = 0 WHERE id = ?1", [id])?;
    Ok(())
}
