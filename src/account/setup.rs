//! Set-up: the first account with its organization, from the browser's wizard, the command line or the demo.

use serde_json::json;

use super::model::{Language, parse_email, parse_new_person_name, password_fault};
use super::permission::Role;
use super::store::{self, NewAccount};
use crate::app::AppInner;
use crate::audit::{Chain, Entry, Record, Who, delivery};
use crate::error::{Code, Error, Result};
use crate::id::{AccountId, OrganizationId};
use crate::store::Tx;

/// A person and the organization they are to own or join.
#[derive(Debug)]
pub struct NewOwner {
    /// Sign-in address.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// The password itself.
    pub password: String,
    /// Language of the interface.
    pub language: Language,
    /// Name of the organization.
    pub organization_name: String,
    /// Their role in it.
    pub role: Role,
    /// Where the request came from; empty at the command line.
    pub address: String,
}

/// Whether an appliance with accounts accepts the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Only while no account exists.
    First,
    /// At any time (the command line: who can run it owns the folder).
    Any,
}

impl AppInner {
    /// Creates the account and, if it does not exist, the organization; makes the account a member.
    pub async fn create_owner(&self, owner: NewOwner, stage: Stage) -> Result<(AccountId, OrganizationId)> {
        let Some(email) = parse_email(&owner.email) else {
            return Err(Error::invalid_field("email", "this is not an e-mail address"));
        };
        if let Some(fault) = password_fault(&owner.password, &email) {
            return Err(Error::invalid_field("password", fault));
        }
        let organization_name = owner.organization_name.trim().to_owned();
        if organization_name.is_empty() || organization_name.chars().count() > 200 {
            return Err(Error::invalid_field(
                "organization_name",
                "the organization needs a name of at most 200 characters",
            ));
        }
        let name = parse_new_person_name(&owner.name, &email)?;
        let password_hash = self.hasher.hash(owner.password).await?;
        let account = NewAccount { email, name, password_hash, language: owner.language };
        let (role, address, chain) = (owner.role, owner.address, self.audit.clone());
        let create = move |tx: &Tx<'_>| {
            let created = create(tx, &account, (&organization_name, role), stage)?;
            let who = match stage {
                Stage::First => {
                    Who { actor: format!("account:{}", created.account_id), name: account.email.clone(), address }
                }
                Stage::Any => Who::command_line(),
            };
            note(tx, &chain, who, &created, (&account, &organization_name, role))?;
            Ok::<_, Error>((created.account_id, created.organization_id))
        };
        let ids = self.control.write(create).await?;
        self.wake_audit();
        Ok(ids)
    }
}

/// What was made.
struct Created {
    account_id: AccountId,
    organization_id: OrganizationId,
    is_new_organization: bool,
}

/// The audit rows of it: an account and an organization concern the appliance, a member the organization.
fn note(
    tx: &Tx<'_>,
    chain: &Chain,
    who: Who,
    created: &Created,
    (account, organization_name, role): (&NewAccount, &str, Role),
) -> Result<()> {
    let of_account = |kind: &str| Record::new(kind, &created.account_id, account.email.clone());
    let after = json!({ "email": account.email, "name": account.name });
    chain.append(tx, Entry::new(who.clone(), "account.created", of_account("account")).changed(json!({}), after))?;
    if created.is_new_organization {
        let record = Record::new("organization", &created.organization_id, organization_name);
        let entry = Entry::new(who.clone(), "organization.created", record);
        chain.append(tx, entry.changed(json!({}), json!({ "name": organization_name })))?;
    }
    let entry = Entry::new(who, "member.added", of_account("member"));
    delivery::defer(tx, created.organization_id, entry.changed(json!({}), json!({ "role": role })))?;
    Ok(())
}

fn create(tx: &Tx<'_>, account: &NewAccount, (organization_name, role): (&str, Role), stage: Stage) -> Result<Created> {
    if stage == Stage::First && store::has_accounts(tx.connection())? {
        return Err(Error::new(Code::Conflict, "this appliance is set up already: sign in"));
    }
    if store::is_address_taken(tx.connection(), &account.email)? {
        let error = Error::new(Code::Conflict, "an account with this e-mail address exists already");
        return Err(Error { field: Some("email"), ..error });
    }
    let account_id = store::create_account(tx, account)?;
    let known = crate::organization::find_by_name(tx.connection(), organization_name)?;
    let organization_id = match known {
        Some(organization_id) => organization_id,
        None => crate::organization::create(tx, organization_name)?,
    };
    store::create_membership(tx, account_id, organization_id, (role, None))?;
    Ok(Created { account_id, organization_id, is_new_organization: known.is_none() })
}
