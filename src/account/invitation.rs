//! Taking up an invitation: at registration, or by someone who has an account already.
//!
//! An invitation stands as long as whoever sent it could send it today: someone who was removed, or lost the rights they
//! gave, leaves no door open behind them. An invitation that is unknown, used, revoked or over is one and the same to
//! whoever shows it. It is used up in the transaction that makes the member, so two who show it at once are one member.

use rusqlite::{Connection, OptionalExtension, Row};
use subtle::ConstantTimeEq;

use super::permission::{Permission, PermissionSet, Role};
use super::standing;
use super::store;
use super::token::secret_hash;
use crate::audit::{Entry, Record, Who, delivery};
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, InvitationId, OrganizationId, RoleId};
use crate::secret::Keyring;
use crate::store::{Error as StoreError, Tx};

/// Most members of an organization.
pub const MOST_MEMBERS: i64 = 1_000;
/// Most organizations of an account.
pub const MOST_ORGANIZATIONS: i64 = 200;

/// An invitation that stands.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Where it leads.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// Whose address it is bound to; empty: whoever has the link.
    pub email: String,
    /// What they become.
    pub role: Role,
    /// Which of the organization's own roles.
    pub role_id: Option<RoleId>,
    /// Its name.
    pub role_name: Option<String>,
    /// When it ends, UTC milliseconds.
    pub expires_at_ms: i64,
    permissions: PermissionSet,
    invited_by: Option<AccountId>,
}

/// A token as somebody shows it.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// What the invitation is found by.
    pub token_hash: [u8; 32],
    /// It came by mail, which proves that whoever shows it reads the mailbox. The link that the inviting person sees
    /// proves nothing of the kind: with it they could make an account under a stranger's address.
    pub is_from_mail: bool,
}

impl Shown {
    /// Reads a token; one that is nothing at all is found nowhere.
    pub fn read(keyring: &Keyring, text: &str) -> Self {
        let (token, proof) = text.split_once('.').unwrap_or((text, ""));
        let is_from_mail = bool::from(ConstantTimeEq::ct_eq(proof.as_bytes(), mail_proof(keyring, token).as_bytes()));
        Self { token_hash: secret_hash(token), is_from_mail }
    }
}

/// A token as it goes by mail, and in no other way.
pub fn mailed(keyring: &Keyring, token: &str) -> String {
    format!("{token}.{}", mail_proof(keyring, token))
}

fn mail_proof(keyring: &Keyring, token: &str) -> String {
    let key = keyring.derive("salesbrain 2026 invitation by mail");
    blake3::keyed_hash(&key, token.as_bytes()).to_hex().to_string()
}

/// What an invitation is found by, of a token as it goes by mail or as it is shown.
pub fn hash_of(token: &str) -> [u8; 32] {
    secret_hash(token.split_once('.').map_or(token, |(token, _proof)| token))
}

/// Where an invitation leads, whether or not it can still be taken up.
pub fn find_organization(
    connection: &Connection,
    token_hash: [u8; 32],
) -> std::result::Result<Option<OrganizationId>, StoreError> {
    let sql = "SELECT organization_id FROM invitation WHERE token_hash = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([token_hash], |row| row.get(0)).optional()?)
}

/// The invitation with a token's hash, if it can be taken up now.
pub fn find(
    connection: &Connection,
    token_hash: [u8; 32],
    now_ms: i64,
) -> std::result::Result<Option<Invitation>, StoreError> {
    let sql = "SELECT i.id, i.organization_id, o.name, i.email, i.role, i.role_id, r.name, i.expires_at_ms,
                   r.permissions, i.invited_by
               FROM invitation i JOIN organization o ON o.id = i.organization_id AND o.delete_after_ms IS NULL
                   LEFT JOIN role r ON r.id = i.role_id
               WHERE i.token_hash = ?1 AND i.accepted_at_ms IS NULL AND i.expires_at_ms > ?2";
    let found = connection.prepare_cached(sql)?.query_row((token_hash, now_ms), read_row).optional()?;
    match found {
        Some(invitation) if is_backed(connection, &invitation)? => Ok(Some(invitation)),
        _ => Ok(None),
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    let role = Role::parse(row.get_ref(4)?.as_str()?).unwrap_or(Role::Viewer);
    let permissions: Option<String> = row.get(8)?;
    Ok(Invitation {
        id: row.get(0)?,
        organization_id: row.get(1)?,
        organization_name: row.get(2)?,
        email: row.get(3)?,
        role,
        role_id: row.get(5)?,
        role_name: row.get(6)?,
        expires_at_ms: row.get(7)?,
        permissions: permissions.map_or_else(|| role.permissions(), |text| PermissionSet::from_text(&text)),
        invited_by: row.get(9)?,
    })
}

/// Whether whoever sent it could send it today.
fn is_backed(connection: &Connection, invitation: &Invitation) -> std::result::Result<bool, StoreError> {
    let Some(account_id) = invitation.invited_by else { return Ok(false) };
    let sender = standing::find_member(connection, account_id, invitation.organization_id)?;
    Ok(sender.is_some_and(|(me, _is_ending)| {
        me.permissions.has(Permission::MembersManage) && me.permissions.covers(invitation.permissions)
    }))
}

/// What every invitation that does not stand is answered with.
pub fn ended() -> Error {
    Error::new(Code::NotFound, "this invitation was used already or has ended: ask for a new one")
}

/// Uses an invitation up and makes the account a member; the caller then calls
/// [`crate::app::AppInner::wake_audit`].
pub fn accept(tx: &Tx<'_>, account_id: AccountId, who: Who, token_hash: [u8; 32]) -> Result<OrganizationId> {
    let invitation = find(tx.connection(), token_hash, tx.now_ms())?.ok_or_else(ended)?;
    let email: String = tx
        .connection()
        .prepare_cached("SELECT email FROM account WHERE id = ?1")?
        .query_row([account_id], |row| row.get(0))?;
    if !invitation.email.is_empty() && invitation.email != email {
        return Err(Error::new(Code::Forbidden, "this invitation is for another address"));
    }
    check_room(tx, account_id, invitation.organization_id)?;
    let role = (invitation.role, invitation.role_id);
    store::create_membership(tx, account_id, invitation.organization_id, role)?;
    tx.connection().execute(
        "UPDATE invitation SET accepted_at_ms = ?2, accepted_by = ?3 WHERE id = ?1",
        (invitation.id, tx.now_ms(), account_id),
    )?;
    let after = serde_json::json!({
        "role": invitation.role, "role_name": invitation.role_name, "invitation_id": invitation.id,
    });
    let entry = Entry::new(who, "member.joined", Record::new("member", &account_id, email));
    delivery::defer(tx, invitation.organization_id, entry.changed(serde_json::json!({}), after))?;
    Ok(invitation.organization_id)
}

fn check_room(tx: &Tx<'_>, account_id: AccountId, organization_id: OrganizationId) -> Result<()> {
    let sql = "SELECT (SELECT count(*) FROM membership WHERE organization_id = ?1),
                   (SELECT count(*) FROM membership WHERE account_id = ?2),
                   EXISTS (SELECT 1 FROM membership WHERE organization_id = ?1 AND account_id = ?2)";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let counts = tx.connection().prepare_cached(sql)?.query_row((organization_id, account_id), read)?;
    let (members, organizations, is_member): (i64, i64, bool) = counts;
    if is_member {
        return Err(Error::new(Code::Conflict, "you are a member of this organization already"));
    }
    if members >= MOST_MEMBERS {
        return Err(Error::new(Code::Conflict, "an organization has at most 1,000 members"));
    }
    if organizations >= MOST_ORGANIZATIONS {
        return Err(Error::new(Code::Conflict, "an account is a member of at most 200 organizations"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_by_mail_proves_the_mailbox() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = |name: &str| Keyring::open(&folder.path().join(name)).unwrap();
        let (ours, theirs) = (keyring("a.key"), keyring("b.key"));
        let by_mail = mailed(&ours, "token");
        let shown = Shown::read(&ours, &by_mail);
        assert!(shown.is_from_mail);
        // Either leads to the same invitation.
        assert_eq!(shown.token_hash, Shown::read(&ours, "token").token_hash);
        for text in ["token", "token.", "", ".", &by_mail.replace("token", "other"), &mailed(&theirs, "token")] {
            assert!(!Shown::read(&ours, text).is_from_mail, "{text}");
        }
    }
}
