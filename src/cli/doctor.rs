//! `salesbrain doctor`: examines a data folder, and packs what someone who helps needs to know.
//!
//! It reads and changes nothing. The bundle holds the configuration without secrets, versions, findings and figures, and
//! organizations by their ids; no log lines, because nobody can promise what a library writes into one, and nothing people
//! wrote.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::{Common, audit, print};
use crate::config::Config;
use crate::http::health::VERSION;
use crate::id::OrganizationId;
use crate::secret::Keyring;
use crate::store::migration::{CONTROL, TENANT};
use crate::store::{self, Migrations, Peeked, migration};

#[derive(Clone, Debug, Args)]
pub(super) struct Doctor {
    /// Also write a bundle for someone who helps: no secrets, no names, no messages.
    #[arg(long)]
    bundle: Option<PathBuf>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: String,
    is_ok: bool,
    detail: String,
}

impl Check {
    fn new(name: impl Into<String>, fault: Option<String>) -> Self {
        Self { name: name.into(), is_ok: fault.is_none(), detail: fault.unwrap_or_default() }
    }
}

pub(super) fn run(doctor: &Doctor, common: &Common) -> anyhow::Result<()> {
    let config = common.load()?;
    let mut checks = vec![check_key(&config.data), check_disk(&config)];
    let organizations = check_control(&config.data, &mut checks);
    for id in &organizations {
        check_organization(&config.data, *id, &mut checks);
    }
    check_audit(&config.data, &mut checks);
    if let Some(path) = &doctor.bundle {
        write_bundle(path, &config, &checks, &organizations)?;
    }
    let faults = checks.iter().filter(|check| !check.is_ok).count();
    if common.json {
        print::json(&json!({ "is_ok": faults == 0, "checks": checks }))?;
    } else {
        for check in &checks {
            let state = if check.is_ok { "ok" } else { "FAULT" };
            print::line(format!("{state:<6}{} {}", check.name, check.detail).trim_end())?;
        }
    }
    anyhow::ensure!(faults == 0, "{faults} faults");
    Ok(())
}

/// The key is there, reads, and is nobody else's.
fn check_key(data: &Path) -> Check {
    let path = data.join("secret.key");
    let fault = match Keyring::open_existing(&path) {
        Err(error) => Some(crate::error::chain(&error)),
        Ok(_keyring) => mode_fault(&path),
    };
    Check::new("secret.key", fault)
}

#[cfg(unix)]
fn mode_fault(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| format!("others can read it: its mode is {mode:o}, it should be 600"))
}

#[cfg(not(unix))]
fn mode_fault(_path: &Path) -> Option<String> {
    None
}

fn check_disk(config: &Config) -> Check {
    let fault = match rustix::fs::statvfs(&config.data) {
        Ok(statistics) => {
            let free = statistics.f_bavail.saturating_mul(statistics.f_frsize);
            (free < config.disk_reserve_bytes).then(|| format!("{} MiB are free", free / 1_048_576))
        }
        Err(error) => Some(error.to_string()),
    };
    Check::new("disk", fault)
}

/// Version and structure of a file, and what else is read from it.
fn look<T>(
    path: &Path,
    migrations: &Migrations,
    read: impl FnOnce(&rusqlite::Connection) -> Result<T, store::Error>,
) -> (Option<String>, Option<T>) {
    let work = |connection: &rusqlite::Connection| -> Result<_, store::Error> {
        let finding: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((finding, migration::version(connection)?, read(connection)?))
    };
    match store::peek(path, migrations, None, work) {
        Ok(Peeked::Read((finding, _version, answer))) => ((finding != "ok").then_some(finding), Some(answer)),
        Ok(Peeked::Older) => (Some("it is of an earlier version: start the appliance once".to_owned()), None),
        Ok(Peeked::Missing) => (Some("it is not there".to_owned()), None),
        Err(error) => (Some(crate::error::chain(&error)), None),
    }
}

fn check_control(data: &Path, checks: &mut Vec<Check>) -> Vec<OrganizationId> {
    let (fault, organizations) = look(&data.join("control.db"), &CONTROL, crate::organization::list);
    checks.push(Check::new("control.db", fault));
    organizations.unwrap_or_default().into_iter().map(|(id, _name)| id).collect()
}

fn check_organization(data: &Path, id: OrganizationId, checks: &mut Vec<Check>) {
    let folder = data.join("tenants").join(id.to_string());
    if !folder.try_exists().unwrap_or(true) {
        // Nobody has opened it yet.
        return;
    }
    let (fault, has_messages) = look(&folder.join("tenant.db"), &TENANT, |connection| {
        let sql = "SELECT EXISTS (SELECT 1 FROM message)";
        Ok(connection.query_row(sql, [], |row| row.get::<_, bool>(0))?)
    });
    checks.push(Check::new(format!("organization {id} tenant.db"), fault));
    let is_missing = has_messages == Some(true) && crate::search::find_cursor(&folder.join("index")).is_none();
    let fault =
        is_missing.then(|| "it is not there or of another version: it is built anew when it is opened".to_owned());
    checks.push(Check::new(format!("organization {id} index"), fault));
}

fn check_audit(data: &Path, checks: &mut Vec<Check>) {
    match audit::verify_all(data, None) {
        Err(error) => checks.push(Check::new("audit", Some(format!("{error:#}")))),
        Ok(logs) => {
            for log in logs {
                let whose =
                    log.organization.map_or_else(|| "appliance".to_owned(), |(id, _name)| format!("organization {id}"));
                let fault = log.report.findings.first().map(|finding| finding.detail.clone());
                checks.push(Check::new(format!("{whose} audit"), fault));
            }
        }
    }
}

/// Sizes of what is there, by name of the file; organizations by id.
fn figures(data: &Path, organizations: &[OrganizationId]) -> serde_json::Value {
    let bytes = |path: PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let rows: Vec<serde_json::Value> = organizations
        .iter()
        .map(|id| {
            let folder = data.join("tenants").join(id.to_string());
            let measure = |connection: &rusqlite::Connection| crate::tenant::figures::measure(connection);
            let (_fault, figures) = look(&folder.join("tenant.db"), &TENANT, measure);
            json!({ "organization_id": id, "figures": figures, "bytes": crate::tenant::figures::folder_bytes(&folder) })
        })
        .collect();
    json!({ "control_bytes": bytes(data.join("control.db")), "organizations": rows })
}

fn write_bundle(
    path: &Path,
    config: &Config,
    checks: &[Check],
    organizations: &[OrganizationId],
) -> anyhow::Result<()> {
    let versions = json!({
        "program": VERSION, "control_schema": CONTROL.latest(), "tenant_schema": TENANT.latest(),
        "sqlite": rusqlite::version(), "system": std::env::consts::OS, "processor": std::env::consts::ARCH,
    });
    // Secrets among the settings are of a type that does not show itself.
    let entries = [
        ("configuration.txt", format!("{config:#?}\n")),
        ("versions.json", serde_json::to_string_pretty(&versions)?),
        ("checks.json", serde_json::to_string_pretty(checks)?),
        ("figures.json", serde_json::to_string_pretty(&figures(&config.data, organizations))?),
    ];
    let encoder = zstd::Encoder::new(std::fs::File::create_new(path)?, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    let mut archive = tar::Builder::new(encoder);
    for (name, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(text.len())?);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(())
}
