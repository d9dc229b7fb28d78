//! Whether the time of a refused sign-in tells who has an account: wrong passwords for an address with an account and for
//! addresses without one, one after the other in turns, so that whatever else the machine does hits both alike.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::appliance::{EMAIL, Folder};
use crate::figures::Latencies;
use crate::http::Connection;
use crate::{Options, say};

/// How long if not said otherwise.
const SECONDS: u64 = 30;

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new().prefix("salesbrain-load-").tempdir_in(options.scratch())?;
    let folder = Folder::prepare(&options.program, scratch.path())?;
    let appliance = folder.serve().await?;
    let mut connection = appliance.connect().await?;
    let (mut known, mut unknown) = (Latencies::default(), Latencies::default());
    let end = Instant::now() + Duration::from_secs(options.seconds.unwrap_or(SECONDS));
    let mut number = 0;
    while Instant::now() < end {
        known.add(refused(&mut connection, EMAIL).await?);
        // As long as the other, and another one each time.
        unknown.add(refused(&mut connection, &format!("lo{:02}@salesbrain.example", number % 100)).await?);
        number += 1;
    }
    say(&format!("sign-in, known address    {}", known.line()));
    say(&format!("sign-in, unknown address  {}", unknown.line()));
    let difference = (known.at(0.5) - unknown.at(0.5)).abs();
    let noise = known.at(0.75) - known.at(0.25);
    say(&format!("medians differ by {difference:.3} ms; half of the known ones lie within {noise:.3} ms"));
    Ok(())
}

async fn refused(connection: &mut Connection, email: &str) -> anyhow::Result<Duration> {
    let body = json!({ "email": email, "password": "not the password" }).to_string();
    let started = Instant::now();
    let answer = connection.post("/api/v1/auth/login", "", &body).await?;
    let elapsed = started.elapsed();
    anyhow::ensure!(answer.status == 401, "answer {}", answer.status);
    Ok(elapsed)
}
