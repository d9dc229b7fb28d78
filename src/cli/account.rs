//! `salesbrain account …`

use std::io::Read;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{Common, print};
use crate::account::model::Language;
use crate::account::permission::{Role, StaffRole};
use crate::account::setup::{NewOwner, Stage};
use crate::audit::Who;

/// Lifetime of a sign-in link.
const LINK_MS: i64 = 15 * 60 * 1_000;

/// What to do with accounts.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Creates an account and makes it a member of an organization, which is created if it does not exist.
    Create(Create),
    /// Brings accounts from elsewhere, with the hashes of their passwords; says which lines were refused and why.
    Import(super::import::Import),
    /// Prints a link that signs an account in once.
    Link(Link),
    /// Makes an account staff of the appliance, or takes that away.
    Staff(Staff),
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArgument {
    Owner,
    Admin,
    Member,
    Viewer,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Create {
    /// Sign-in address.
    #[arg(long)]
    email: String,
    /// Name to show.
    #[arg(long, default_value = "")]
    name: String,
    /// Read the password from standard input (its first line).
    #[arg(long)]
    password_stdin: bool,
    /// Name of the organization.
    #[arg(long)]
    organization: String,
    /// Role in the organization.
    #[arg(long, value_enum, default_value = "owner")]
    role: RoleArgument,
    /// Language of the interface.
    #[arg(long, default_value = "en", value_parser = ["de", "en"])]
    language: String,
}

/// What an account is on the appliance, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum StaffArgument {
    /// Everything.
    #[value(name = "sb_admin")]
    Admin,
    /// Operations, no message bodies.
    #[value(name = "sb_operator")]
    Operator,
    /// Not of the staff.
    None,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Staff {
    /// Sign-in address.
    #[arg(long)]
    email: String,
    /// What the account is on the appliance.
    #[arg(long, value_enum)]
    role: StaffArgument,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Link {
    /// Sign-in address.
    #[arg(long)]
    email: String,
}

pub(super) async fn run(command: AccountCommand, common: Common) -> anyhow::Result<()> {
    match command {
        AccountCommand::Create(create) => create_account(create, common).await,
        AccountCommand::Import(import) => super::import::run(import, common).await,
        AccountCommand::Link(link) => create_link(link, common).await,
        AccountCommand::Staff(staff) => update_staff(staff, common).await,
    }
}

async fn create_account(create: Create, common: Common) -> anyhow::Result<()> {
    let password = read_password(create.password_stdin)?;
    let app = common.open()?;
    let owner = NewOwner {
        address: String::new(),
        email: create.email,
        name: create.name,
        password,
        language: if create.language == "de" { Language::De } else { Language::En },
        organization_name: create.organization,
        role: match create.role {
            RoleArgument::Owner => Role::Owner,
            RoleArgument::Admin => Role::Admin,
            RoleArgument::Member => Role::Member,
            RoleArgument::Viewer => Role::Viewer,
        },
    };
    let (account_id, organization_id) = app.create_owner(owner, Stage::Any).await?;
    if common.json {
        return print::json(&json!({ "account_id": account_id, "organization_id": organization_id }));
    }
    print::line(&format!("account {account_id} in organization {organization_id}"))
}

/// The first line of standard input.
fn read_password(is_stdin: bool) -> anyhow::Result<String> {
    if !is_stdin {
        anyhow::bail!("give the password on standard input with --password-stdin");
    }
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text).context("cannot read the password")?;
    Ok(text.lines().next().unwrap_or("").trim_end_matches('\r').to_owned())
}

async fn update_staff(staff: Staff, common: Common) -> anyhow::Result<()> {
    let app = common.open()?;
    let email = staff.email.trim().to_lowercase();
    let wanted = email.clone();
    let found =
        app.control.read(move |connection| crate::account::store::find_credentials(connection, &wanted)).await?;
    let account = found.with_context(|| format!("there is no account with the address {email}"))?;
    let role = match staff.role {
        StaffArgument::Admin => Some(StaffRole::Admin),
        StaffArgument::Operator => Some(StaffRole::Operator),
        StaffArgument::None => None,
    };
    let changed = app.change_account(Who::command_line(), account.account_id, (Some(role), None), false).await?;
    if common.json {
        return print::json(&json!({ "account_id": changed.id, "staff_role": changed.staff_role }));
    }
    print::line(&format!("{email}: {}", role.map_or("not of the staff", StaffRole::as_str)))
}

async fn create_link(link: Link, common: Common) -> anyhow::Result<()> {
    let app = common.open()?;
    let email = link.email.trim().to_lowercase();
    let wanted = email.clone();
    let found =
        app.control.read(move |connection| crate::account::store::find_credentials(connection, &wanted)).await?;
    let account = found.with_context(|| format!("there is no account with the address {email}"))?;
    let address = app.create_sign_in_link(account.account_id, LINK_MS).await?;
    print::note_unknown_address(&app.config);
    if common.json { print::json(&json!({ "link": address })) } else { print::line(&address) }
}
