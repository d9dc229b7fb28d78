//! Accounts brought from elsewhere with the hashes of their passwords, so that nobody has to choose a new one.
//!
//! Each line stands for itself: what is wrong with one is reported with its number and does not stop the others, and a file
//! can be imported once more after it was mended, for what is there is refused as such.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{Language, parse_email, parse_new_person_name};
use super::password::is_importable;
use super::permission::Role;
use super::store::{self, NewAccount};
use crate::app::AppInner;
use crate::audit::{Chain, Entry, Record, Who, delivery};
use crate::error::{Code, Error, Result};
use crate::id::AccountId;
use crate::store::Tx;

/// One line of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportLine {
    /// Sign-in address.
    pub email: String,
    /// Name to show; empty takes the address's first part.
    #[serde(default)]
    pub name: String,
    /// bcrypt (`$2a$`, `$2b$`, `$2y$`), or argon2id with the cost of ours.
    pub password_hash: String,
    /// Organization to join; made if it is not there. Empty: none.
    #[serde(default)]
    pub organization: String,
    /// `owner`, `admin`, `member` or `viewer`; empty is `member`.
    #[serde(default)]
    pub role: String,
}

/// A line that was not imported.
#[derive(Debug, Serialize)]
pub struct Refusal {
    /// Its number in the file, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl AppInner {
    /// Imports one line.
    pub async fn import_account(&self, line: ImportLine) -> Result<AccountId> {
        let invalid = |field: &'static str, detail: &'static str| Err(Error::invalid_field(field, detail));
        let Some(email) = parse_email(&line.email) else {
            return invalid("email", "this is not an e-mail address");
        };
        if !is_importable(&line.password_hash) {
            return invalid(
                "password_hash",
                "this is neither a bcrypt hash of cost 4 to 14 nor an argon2id hash with m=19456, t=2, p=1",
            );
        }
        let role = match line.role.trim() {
            "" => Role::Member,
            text => match Role::parse(text) {
                Some(role) if role != Role::Custom => role,
                _ => return invalid("role", "a role is owner, admin, member or viewer"),
            },
        };
        let organization_name = line.organization.trim().to_owned();
        if organization_name.chars().count() > 200 {
            return invalid("organization", "the organization needs a name of at most 200 characters");
        }
        let name = parse_new_person_name(&line.name, &email)?;
        let account = NewAccount { email, name, password_hash: line.password_hash, language: Language::En };
        let chain = self.audit.clone();
        let imported = self.control.write(move |tx| create(tx, &chain, &account, (&organization_name, role))).await?;
        self.wake_audit();
        Ok(imported)
    }
}

fn create(
    tx: &Tx<'_>,
    chain: &Chain,
    account: &NewAccount,
    (organization_name, role): (&str, Role),
) -> Result<AccountId> {
    // The first account would operate the appliance: that is nobody's by chance.
    if !store::has_accounts(tx.connection())? {
        return Err(Error::new(Code::SetupNeeded, "create the appliance's owner first: salesbrain account create"));
    }
    if store::find_by_email(tx.connection(), &account.email)?.is_some() {
        return Err(Error::new(Code::Conflict, "an account with this e-mail address exists already"));
    }
    let account_id = store::create_account(tx, account)?;
    let who = Who::command_line;
    let after = json!({ "email": account.email, "name": account.name });
    let record = |kind: &str| Record::new(kind, &account_id, account.email.clone());
    chain.append(tx, Entry::new(who(), "account.imported", record("account")).changed(json!({}), after))?;
    if organization_name.is_empty() {
        return Ok(account_id);
    }
    let known = crate::organization::find_by_name(tx.connection(), organization_name)?;
    let organization_id = if let Some(organization_id) = known {
        organization_id
    } else {
        let organization_id = crate::organization::create(tx, organization_name)?;
        let record = Record::new("organization", &organization_id, organization_name);
        let entry = Entry::new(who(), "organization.created", record);
        chain.append(tx, entry.changed(json!({}), json!({ "name": organization_name })))?;
        organization_id
    };
    store::create_membership(tx, account_id, organization_id, (role, None))?;
    let entry = Entry::new(who(), "member.added", record("member")).changed(json!({}), json!({ "role": role }));
    delivery::defer(tx, organization_id, entry)?;
    Ok(account_id)
}
