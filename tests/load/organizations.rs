//! An appliance with many organizations: what it costs in memory to touch them all, and how long the lists over all take.
//!
//! One organization is filled the normal way and its folder copied, so that a thousand are there within a minute. Every
//! organization has a connection of its own; a webhook to each in turn opens them one after another.

use std::path::Path;
use std::time::{Duration, Instant};

use salesbrain::app;
use salesbrain::clock::Clock;
use salesbrain::config::{self, Overrides};
use salesbrain::id::OrganizationId;

use crate::appliance::{Appliance, Folder, Memory};
use crate::bodies::Bodies;
use crate::figures::Latencies;
use crate::{Options, say};

/// Messages in each organization.
const MESSAGES: &str = "60";
/// Organizations that are in use at the same time.
const BUSY: usize = 50;
/// Times each list is read from end to end.
const ROUNDS: usize = 5;

/// The whole measurement.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir_in(options.scratch())?;
    let data = options.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let folder = Folder::prepare(&options.program, &data)?;
    let began = Instant::now();
    let secrets = build(&folder, &data, options.organizations).await?;
    say(&format!("built       {} organizations in {:.0} s", secrets.len(), began.elapsed().as_secs_f64()));
    let appliance = folder.serve().await?;
    say(&format!("start       healthy after {:.0} ms", appliance.healthy_after.as_secs_f64() * 1e3));
    let token = appliance.sign_in().await?;
    wait_for_figures(&appliance, &token, secrets.len()).await?;
    let looked = appliance.started.elapsed().as_secs_f64();
    say(&format!("looked at   all after {looked:.1} s, {:.0} MiB resident", appliance.memory()?.resident));
    read_lists(&appliance, &token, "closed").await?;
    touch(&appliance, &secrets, "in turn", options.now_ms).await?;
    read_lists(&appliance, &token, "after").await?;
    let busy: Vec<String> = secrets.iter().take(BUSY).cloned().cycle().take(BUSY * 20).collect();
    touch(&appliance, &busy, "50 busy", options.now_ms + 1_000_000).await?;
    read_lists(&appliance, &token, "50 busy").await
}

/// Organizations with a connection each; answers the connections' secrets.
async fn build(folder: &Folder, data: &Path, count: usize) -> anyhow::Result<Vec<String>> {
    folder.run(&["simulate", "fill", "--messages", MESSAGES, "--organization", crate::appliance::ORGANIZATION], "")?;
    let overrides = Overrides { data: Some(data.to_owned()), ..Overrides::default() };
    let app = app::open(config::load(&overrides)?, Clock::System)?;
    let template = app.control.read(salesbrain::organization::list).await?.first().map(|(id, _name)| *id);
    let template = template.ok_or_else(|| anyhow::anyhow!("there is no organization to copy"))?;
    let tenants = data.join("tenants");
    let mut secrets = Vec::new();
    for number in 0..count {
        let name = format!("Customer {number:04} AG");
        let created = app.control.write(move |tx| salesbrain::organization::create(tx, &name)).await;
        let id: Result<OrganizationId, salesbrain::store::Error> = created;
        let id = id?;
        copy_folder(&tenants, template, id)?;
        secrets.push(app.create_connection(Some(id), "instantly", "Load").await?.1);
    }
    app.tenants.close_all().await;
    Ok(secrets)
}

fn copy_folder(tenants: &Path, from: OrganizationId, to: OrganizationId) -> anyhow::Result<()> {
    let mut folders = vec![(tenants.join(from.to_string()), tenants.join(to.to_string()))];
    while let Some((from, to)) = folders.pop() {
        std::fs::create_dir_all(&to)?;
        for entry in std::fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), target));
            } else {
                std::fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

/// Waits until the start has looked at every organization.
async fn wait_for_figures(appliance: &Appliance, token: &str, count: usize) -> anyhow::Result<()> {
    let limit = Instant::now() + Duration::from_mins(2);
    let mut connection = appliance.connect().await?;
    while Instant::now() < limit {
        let offset = count.saturating_sub(1);
        let path = format!("/api/v1/admin/organizations?sort=size&limit=1&cursor={offset}");
        let page = connection.get(&path, token).await?.json()?;
        if page["data"][0]["figures"].is_object() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the organizations have no figures")
}

/// Posts one reply to each connection in turn, watching the memory.
async fn touch(appliance: &Appliance, secrets: &[String], title: &str, now_ms: i64) -> anyhow::Result<()> {
    let mut connection = appliance.connect().await?;
    let bodies = Bodies::new(now_ms, false)?;
    let (mut latencies, mut memory) = (Latencies::default(), Memory::default());
    for (number, secret) in secrets.iter().enumerate() {
        let request = bodies.request(u64::try_from(number)?, secret);
        let began = Instant::now();
        let answer = connection.send(&request).await?;
        latencies.add(began.elapsed());
        anyhow::ensure!(answer.status == 200, "a webhook was answered {}", answer.status);
        if number % 10 == 0 {
            memory = memory.max(appliance.memory()?);
        }
    }
    memory = memory.max(appliance.memory()?);
    say(&format!(
        "{title:<12}{:.0} MiB resident, {:.0} MiB own; webhook {}",
        memory.resident,
        memory.own,
        latencies.line()
    ));
    Ok(())
}

/// Reads every page of both lists, several times.
async fn read_lists(appliance: &Appliance, token: &str, title: &str) -> anyhow::Result<()> {
    let mut connection = appliance.connect().await?;
    for path in ["/api/v1/admin/organizations", "/api/instantly/admin/campaigns", "/api/instantly/admin/email-accounts"]
    {
        let (mut latencies, mut rows) = (Latencies::default(), 0);
        for _round in 0..ROUNDS {
            let mut cursor = String::new();
            loop {
                let began = Instant::now();
                let page = connection.get(&format!("{path}?limit=100{cursor}"), token).await?.json()?;
                latencies.add(began.elapsed());
                rows += page["data"].as_array().map_or(0, Vec::len);
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
        }
        say(&format!("{title:<12}{path:<38}{} ({} rows)", latencies.line(), rows / ROUNDS));
    }
    say(&format!("{title:<12}{:.0} MiB resident", appliance.memory()?.resident));
    Ok(())
}
