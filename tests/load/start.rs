//! Start and demo: how soon the program is of use, and what it costs when nobody uses it.

use std::io::BufReader;
use std::time::{Duration, Instant};

use crate::appliance::Folder;
use crate::{Options, say};

/// Idle time before memory is read: the index writer is closed after ten seconds.
const IDLE: Duration = Duration::from_secs(20);
/// Rows that make an inbox look filled.
const FILLED_ROWS: usize = 50;

/// Start to healthy, start to first page, memory of an idle program.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = crate::mixed::filled_folder(options)?;
    for attempt in 1..=3 {
        let appliance = folder.serve().await?;
        let token = appliance.sign_in().await?;
        appliance.connect().await?.get("/api/v1/conversations", &token).await?.json()?;
        let page = appliance.started.elapsed();
        let healthy = appliance.healthy_after.as_secs_f64() * 1e3;
        say(&format!(
            "start {attempt}     healthy after {healthy:.0} ms, first inbox page after {:.0} ms (with sign-in)",
            page.as_secs_f64() * 1e3
        ));
        if attempt == 3 {
            tokio::time::sleep(IDLE).await;
            let memory = appliance.memory()?;
            say(&format!("idle        {:.0} MiB resident, {:.0} MiB own", memory.resident, memory.own));
        }
    }
    let size = std::fs::metadata(&options.program)?.len() as f64 / 1_048_576.0;
    say(&format!("binary      {size:.1} MiB"));
    Ok(())
}

/// Time from the start of `demo` on a new folder to a filled inbox.
pub(crate) async fn run_demo(options: &Options) -> anyhow::Result<()> {
    for attempt in 1..=3 {
        let temporary = tempfile::tempdir_in(options.scratch())?;
        let folder = Folder::bare(&options.program, &temporary.path().join("data"));
        let mut appliance = folder.start(&["demo"]).await?;
        let output = appliance.child.stdout.take().ok_or_else(|| anyhow::anyhow!("no standard output"))?;
        let (email, password) = tokio::task::spawn_blocking(|| read_credentials(BufReader::new(output))).await??;
        let token = appliance.sign_in_as(&email, &password).await?;
        let mut connection = appliance.connect().await?;
        let limit = Instant::now() + Duration::from_mins(1);
        loop {
            let page = connection.get("/api/v1/conversations?limit=200", &token).await?.json()?;
            let rows = page["data"].as_array().map_or(0, Vec::len);
            if rows >= FILLED_ROWS || Instant::now() > limit {
                let after = appliance.started.elapsed().as_secs_f64();
                say(&format!("demo {attempt}      {rows} conversations in the inbox {after:.2} s after the start"));
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

fn read_credentials(output: impl std::io::BufRead) -> anyhow::Result<(String, String)> {
    let (mut email, mut password) = (String::new(), String::new());
    for line in output.lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("e-mail") => words.next().unwrap_or("").clone_into(&mut email),
            Some("password") => {
                words.next().unwrap_or("").clone_into(&mut password);
                break;
            }
            _ => {}
        }
    }
    anyhow::ensure!(!email.is_empty() && !password.is_empty(), "the demo printed no credentials");
    Ok((email, password))
}
