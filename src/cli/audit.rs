//! `salesbrain audit …`

use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, print};
use crate::audit::ends::{self, End, Ends, EndsError};
use crate::audit::verify::{self, Fault, Finding, Report};
use crate::audit::{Chain, Entry, Record, Who};
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::migration::{CONTROL, TENANT};
use crate::store::{self, Peeked};

/// What to do with audit logs.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verifies that no row of any log was changed, removed or added from outside. Works beside a running appliance.
    Verify(Verify),
    /// Takes the logs to end as they end now, after a backup was put back or the file audit.ends was lost. What verify
    /// finds within a log it goes on finding. The appliance must not be running, and its log tells that this was done.
    Accept,
}

#[derive(Clone, Debug, Args)]
pub(super) struct Verify {
    /// Name or id of one organization; all, and the appliance's own log, if absent.
    #[arg(long)]
    organization: Option<String>,
}

/// A log that was verified.
pub(super) struct Verified {
    /// The organization; `None` for the appliance's own log.
    pub(super) organization: Option<(OrganizationId, String)>,
    /// What was found.
    pub(super) report: Report,
}

impl Verified {
    fn json(&self) -> Value {
        json!({
            "organization_id": self.organization.as_ref().map(|(id, _name)| id),
            "name": self.organization.as_ref().map(|(_id, name)| name),
            "rows": self.report.rows,
            "is_whole": self.report.findings.is_empty(),
            "findings": self.report.findings,
        })
    }

    fn title(&self) -> String {
        self.organization.as_ref().map_or_else(|| "appliance".to_owned(), |(id, name)| format!("{name} ({id})"))
    }
}

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify(wanted) => print_verified(wanted, common),
        AuditCommand::Accept => accept(common),
    }
}

/// Writes down anew how the logs end, and in the appliance's log what was said of them before.
fn accept(common: &Common) -> anyhow::Result<()> {
    let data = common.load()?.data;
    anyhow::ensure!(data.join("control.db").try_exists()?, "there is no appliance in {}", data.display());
    let _lock = super::serve::FolderLock::take(&data)?;
    let app = common.open()?;
    let broken = |one: &Verified| !one.report.findings.is_empty();
    let describe = |one: Verified| json!({ "log": one.title(), "findings": one.report.findings.len() });
    let before: Vec<Value> = verify_all(&data, None)?.into_iter().filter(broken).map(describe).collect();
    let count = before.len();
    let (chain, record) = (app.audit.clone(), Record::new("audit", &"", ""));
    let entry = Entry::new(Who::command_line(), "audit.accepted", record).changed(json!({ "logs": before }), json!({}));
    app.control.write_blocking(move |tx| chain.append(tx, entry))?;
    let mut accepted = Ends::default();
    let control = |connection: &rusqlite::Connection| -> Result<_, store::Error> {
        Ok((verify::find_head(connection)?, crate::organization::list(connection)?))
    };
    let (head, organizations) = app.control.read_blocking(control)?;
    let mut accept = |id, head: Option<verify::Head>| head.iter().for_each(|head| accepted.set(id, head));
    accept(None, head);
    for (id, _name) in organizations {
        if let Peeked::Read(head) = store::peek(&tenant_file(&data, id), &TENANT, None, verify::find_head)? {
            accept(Some(id), head);
        }
    }
    accepted.write(&data, &app.keyring)?;
    print::line(&format!("{count} logs were not whole; how the logs end now is what the next verification begins from"))
}

fn tenant_file(data: &Path, id: OrganizationId) -> std::path::PathBuf {
    data.join("tenants").join(id.to_string()).join("tenant.db")
}

fn print_verified(wanted: &Verify, common: &Common) -> anyhow::Result<()> {
    let data = common.load()?.data;
    let verified = verify_all(&data, wanted.organization.as_deref())?;
    let faults: usize = verified.iter().map(|one| one.report.findings.len()).sum();
    if common.json {
        print::json(
            &json!({ "is_whole": faults == 0, "logs": verified.iter().map(Verified::json).collect::<Vec<_>>() }),
        )?;
    } else {
        for one in &verified {
            let state = if one.report.findings.is_empty() { "whole" } else { "NOT whole" };
            print::line(&format!("{}: {} rows, {state}", one.title(), one.report.rows))?;
            for finding in &one.report.findings {
                print::line(&format!("    {}", finding.detail))?;
            }
        }
    }
    anyhow::ensure!(faults == 0, "{faults} findings: someone changed what is only ever added to");
    Ok(())
}

/// Verifies the appliance's log and every organization's, or one organization's.
pub(super) fn verify_all(data: &Path, wanted: Option<&str>) -> anyhow::Result<Vec<Verified>> {
    let keyring = Keyring::open_existing(&data.join("secret.key"))?;
    // Read before the logs, which may grow meanwhile.
    let known = Ends::read(data, &keyring);
    let ends = known.as_ref().ok().cloned().unwrap_or_default();
    let control = data.join("control.db");
    let read = |connection: &rusqlite::Connection| -> Result<_, store::Error> {
        let chosen = wanted.map(|wanted| crate::organization::find(connection, wanted)).transpose()?;
        let mut own = verify::verify(connection, &Chain::of_appliance(&keyring), ends.of_appliance())?;
        let organizations = crate::organization::list(connection)?;
        own.findings.extend(find_lost(connection, &ends, &organizations)?);
        Ok((chosen, own, organizations))
    };
    let (chosen, mut own, organizations) = match store::peek(&control, &CONTROL, None, read)? {
        Peeked::Read(read) => read,
        Peeked::Older => anyhow::bail!("control.db is of an earlier version: start the appliance once"),
        Peeked::Missing => anyhow::bail!("there is no appliance in {}", data.display()),
    };
    own.findings.extend(known.err().map(|error| unknown_ends(&error)));
    let chosen =
        chosen.map(|found| found.with_context(|| format!("there is no organization {wanted:?}"))).transpose()?;
    let ids: Vec<OrganizationId> = organizations.iter().map(|(id, _name)| *id).collect();
    let mut verified = Vec::new();
    if chosen.is_none() {
        verified.push(Verified { organization: None, report: own });
    }
    for (id, name) in organizations {
        if chosen.is_some_and(|chosen| chosen != id) {
            continue;
        }
        let report = verify_organization(&tenant_file(data, id), &keyring, id, (ends.of_organization(id), &ids));
        verified.push(Verified { organization: Some((id, name)), report });
    }
    Ok(verified)
}

/// What it means that nobody knows how the logs ended.
fn unknown_ends(error: &EndsError) -> Finding {
    let fault = match error {
        EndsError::Missing => Fault::Missing,
        EndsError::Foreign => Fault::Foreign,
        EndsError::File(_) => Fault::Unreadable,
    };
    Finding::new(fault, 0, crate::error::chain(error))
}

/// The organizations that were there when the logs were last looked at, and that nothing says were removed.
fn find_lost(
    connection: &rusqlite::Connection,
    ends: &Ends,
    organizations: &[(OrganizationId, String)],
) -> Result<Vec<Finding>, store::Error> {
    let mut lost = Vec::new();
    for id in ends.list_organizations() {
        if !organizations.iter().any(|(known, _name)| *known == id) && !ends::is_removed(connection, id)? {
            let detail = format!("organization {id} was there when its log was last looked at, and is gone");
            lost.push(Finding::new(Fault::Missing, 0, detail));
        }
    }
    Ok(lost)
}

/// One organization's log. What cannot be read is a finding, so that the others are verified all the same.
fn verify_organization(
    file: &Path,
    keyring: &Keyring,
    id: OrganizationId,
    (known, ids): (Option<End>, &[OrganizationId]),
) -> Report {
    let chain = Chain::of_organization(keyring, id);
    let unreadable =
        |detail: String| Report { findings: vec![Finding::new(Fault::Unreadable, 0, detail)], ..Report::default() };
    let read = |connection: &rusqlite::Connection| verify::verify(connection, &chain, known);
    let mut report = match store::peek(file, &TENANT, None, read) {
        Ok(Peeked::Read(report)) => report,
        // An organization nobody has opened has no file yet, and one of an earlier program no log.
        Ok(Peeked::Missing | Peeked::Older) if known.is_none() => Report::default(),
        Ok(Peeked::Missing) => return unreadable("the file is not there any more".to_owned()),
        Ok(Peeked::Older) => return unreadable("the file is of an earlier version than it was".to_owned()),
        Err(error) => return unreadable(format!("the file cannot be read: {}", crate::error::chain(&error))),
    };
    name_the_owner(&mut report, keyring, id, ids);
    report
}

/// Says whose file it is when it is another organization's.
fn name_the_owner(report: &mut Report, keyring: &Keyring, id: OrganizationId, ids: &[OrganizationId]) {
    let Some(head) = report.head else { return };
    let Some(finding) = report.findings.iter_mut().find(|finding| finding.fault == Fault::Foreign) else { return };
    let is_theirs = |other: &&OrganizationId| {
        **other != id && Chain::of_organization(keyring, **other).is_sealed(head.sequence, &head.hash, &head.seal)
    };
    if let Some(other) = ids.iter().find(is_theirs) {
        finding.detail =
            format!("the end at row {} is that of organization {other}: the file is another's", head.sequence);
    }
}
