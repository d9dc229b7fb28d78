//! `salesbrain audit …`

use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, print};
use crate::audit::Chain;
use crate::audit::verify::{self, Fault, Finding, Report};
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::migration::{CONTROL, TENANT};
use crate::store::{self, Peeked};

/// What to do with audit logs.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verifies that no row of any log was changed, removed or added from outside. Works beside a running appliance.
    Verify(Verify),
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
    let AuditCommand::Verify(wanted) = command;
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
    let control = data.join("control.db");
    let read = |connection: &rusqlite::Connection| -> Result<_, store::Error> {
        let chosen = wanted.map(|wanted| crate::organization::find(connection, wanted)).transpose()?;
        let own = verify::verify(connection, &Chain::of_appliance(&keyring))?;
        Ok((chosen, own, crate::appliance::list_audit_rows(connection)?))
    };
    let (chosen, own, organizations) = match store::peek(&control, &CONTROL, None, read)? {
        Peeked::Read(read) => read,
        Peeked::Older => anyhow::bail!("control.db is of an earlier version: start the appliance once"),
        Peeked::Missing => anyhow::bail!("there is no appliance in {}", data.display()),
    };
    let chosen =
        chosen.map(|found| found.with_context(|| format!("there is no organization {wanted:?}"))).transpose()?;
    let ids: Vec<OrganizationId> = organizations.iter().map(|(id, ..)| *id).collect();
    let mut verified = Vec::new();
    if chosen.is_none() {
        verified.push(Verified { organization: None, report: own });
    }
    for (id, name, known) in organizations {
        if chosen.is_some_and(|chosen| chosen != id) {
            continue;
        }
        let file = data.join("tenants").join(id.to_string()).join("tenant.db");
        let report = verify_organization(&file, &keyring, id, (known, &ids));
        verified.push(Verified { organization: Some((id, name)), report });
    }
    Ok(verified)
}

/// One organization's log. What cannot be read is a finding, so that the others are verified all the same.
fn verify_organization(
    file: &Path,
    keyring: &Keyring,
    id: OrganizationId,
    (known, ids): (i64, &[OrganizationId]),
) -> Report {
    let chain = Chain::of_organization(keyring, id);
    let unreadable =
        |detail: String| Report { findings: vec![Finding::new(Fault::Unreadable, 0, detail)], ..Report::default() };
    let read = |connection: &rusqlite::Connection| verify::verify(connection, &chain);
    let mut report = match store::peek(file, &TENANT, None, read) {
        Ok(Peeked::Read(report)) => report,
        // An organization nobody has opened has no file yet.
        Ok(Peeked::Missing) => Report::default(),
        // Its log begins when it is opened for the first time by this program.
        Ok(Peeked::Older) if known == 0 => Report::default(),
        Ok(Peeked::Older) => return unreadable("the file is of an earlier version than it was".to_owned()),
        Err(error) => return unreadable(format!("the file cannot be read: {}", crate::error::chain(&error))),
    };
    let last = report.head.map_or(0, |head| head.sequence);
    if known > last {
        let first = last.saturating_add(1);
        let detail =
            format!("rows {first} to {known} were there when the organization was last looked at, and are gone");
        report.findings.push(Finding::new(Fault::CutOff, first, detail));
    }
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
