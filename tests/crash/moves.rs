//! `kill -9` while something large changes at once: an organization is taken in from a file, its folder is removed when
//! its time is over, everything is sealed under a new master key. Afterwards the program starts, nothing is half there,
//! everything sealed opens, and every audit log is whole.
//!
//! Each round begins from a copy of one prepared folder and kills at a random moment of the time the work takes when it
//! is left alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use super::feed::Feed;
use super::findings;
use super::support::{Api, Appliance, HEALTHY_WITHIN, PASSWORD, text_of, wait_until};

/// How often each kind of work is killed.
const ROUNDS: usize = 8;
/// Files of an organization: enough for a kill to come between two of them.
const FILES: usize = 600;

fn write_files(tenant: &Path) {
    for number in 0..FILES {
        let folder = tenant.join("files").join(format!("{:02x}", number % 256));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{number}.bin")), number.to_string().repeat(500)).unwrap();
    }
}

fn count_files(folder: &Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .fold(0, |count, entry| count + if entry.path().is_dir() { count_files(&entry.path()) } else { 1 })
}

/// Names of what is in `tenants`.
fn list_tenants(data: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(data.join("tenants")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test looks at the file without the program's own code")]
fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// An appliance with messages, at rest.
async fn with_messages(folder: &Path, feed: &Feed) -> Appliance {
    let appliance = Appliance::create(folder);
    let (mut server, _took) = appliance.start().await;
    let posting = feed.post_to(&server.base_url, &appliance.secret);
    wait_until(HEALTHY_WITHIN, "events are acknowledged", || async { feed.acknowledged() > 200 }).await;
    posting.end().await;
    let api = Api::sign_in(&server).await;
    api.wait_for_consumers(Duration::from_secs(30)).await;
    assert_eq!(api.post("/api/v1/connections", Some(json!({ "provider": "instantly" }))).await.0, 200);
    server.kill();
    appliance
}

/// Every log is whole, as the program itself finds; it fails otherwise.
fn assert_logs_are_whole(appliance: &Appliance) {
    assert_eq!(appliance.run(&["audit", "verify"], "")["is_whole"], json!(true));
}

/// Runs a command and kills it after a part of the time it takes.
fn kill_within(appliance: &Appliance, arguments: &[&str], moment: Duration) -> bool {
    let mut child = appliance.spawn_command(arguments);
    // The random moment is what is tested.
    std::thread::sleep(moment);
    let had_ended = child.try_wait().unwrap().is_some();
    drop(child.kill());
    child.wait().unwrap();
    had_ended
}

fn random_part(feed: &Feed, whole: Duration) -> Duration {
    whole.mul_f64(f64::from(u32::try_from(feed.below(1_100)).unwrap()) / 1_000.0)
}

async fn list_organizations(api: &Api) -> Vec<String> {
    let rows = api.get_ok("/api/v1/admin/organizations").await["data"].as_array().unwrap().clone();
    rows.iter().map(|row| text_of(&row["id"])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_whole_or_nothing() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    let there = with_messages(&folder.path().join("there"), &feed).await;
    write_files(&there.tenant_folder());
    let file = folder.path().join("alpha.tar.zst").to_string_lossy().into_owned();
    there.run(&["organization", "export", "Alpha", &file], "");
    let (messages, id) = (findings::count_messages(&there.open_file()), there.organization_id().to_owned());
    let prepared = Appliance::create(&folder.path().join("here"));
    let whole = time_of(&prepared, &folder.path().join("alone"), &["organization", "import", &file]);
    let (mut ended, mut cut) = (0, 0);
    for round in 0..ROUNDS {
        let here = prepared.copy_to(&folder.path().join(format!("round {round}")));
        let had_ended = kill_within(&here, &["organization", "import", &file], random_part(&feed, whole));
        assert_logs_are_whole(&here);
        let (mut server, _took) = here.start().await;
        let api = Api::sign_in(&server).await;
        let is_there = list_organizations(&api).await.contains(&id);
        assert!(is_there || !had_ended, "what was told to be in is in");
        if is_there {
            ended += 1;
        } else {
            cut += 1;
            assert!(!list_tenants(&here.data()).iter().any(|name| name.contains(&id)), "the start cleared it away");
            // What it left behind is in nobody's way.
            here.run(&["organization", "import", &file], "");
            assert!(list_organizations(&api).await.contains(&id));
        }
        let place = here.data().join("tenants").join(&id);
        let imported = open(&place.join("tenant.db"));
        findings::assert_file_is_sound(&imported);
        assert_eq!(findings::count_messages(&imported), messages);
        assert_eq!(count_files(&place.join("files")), FILES);
        assert!(list_tenants(&here.data()).iter().all(|name| !name.contains('.')), "{:?}", list_tenants(&here.data()));
        let health = api.get_ok("/health").await;
        assert_eq!(health["data"]["status"], "ok", "{health}");
        assert_logs_are_whole(&here);
        server.kill();
        std::fs::remove_dir_all(here.data()).unwrap();
    }
    eprintln!("import takes {whole:?}: {cut} of {ROUNDS} were cut short, {ended} had come to their end");
}

/// How long a command takes when it is left alone.
fn time_of(prepared: &Appliance, place: &Path, arguments: &[&str]) -> Duration {
    let alone = prepared.copy_to(place);
    let started = Instant::now();
    alone.run(arguments, "");
    let took = started.elapsed();
    std::fs::remove_dir_all(alone.data()).unwrap();
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_is_carried_to_its_end() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    let prepared = with_messages(&folder.path().join("prepared"), &feed).await;
    let messages = findings::count_messages(&prepared.open_file());
    let doomed = text_of(&prepared.run(&["organization", "create", "Beta"], "")["organization_id"]);
    // Something of its own, and a log that the program has seen.
    let (mut server, _took) = prepared.start().await;
    let api = Api::sign_in(&server).await;
    let (status, session) = api.post(&format!("/api/v1/organizations/{doomed}/switch"), None).await;
    assert_eq!(status, 200, "{session}");
    let there = api.with_token(&text_of(&session["data"]["access_token"]));
    assert_eq!(there.post("/api/v1/connections", Some(json!({ "provider": "instantly" }))).await.0, 200);
    server.kill();
    let place = |appliance: &Appliance, name: &str| appliance.data().join("tenants").join(name);
    write_files(&place(&prepared, &doomed));
    prepared.run(&["organization", "delete", "Beta", "--grace-days", "0"], "");
    let is_gone = |appliance: &Appliance| {
        let names = list_tenants(&appliance.data());
        !names.iter().any(|name| name.starts_with(&doomed))
    };
    let mut cut = 0;
    for round in 0..ROUNDS {
        let appliance = prepared.copy_to(&folder.path().join(format!("round {round}")));
        let mut server = appliance.spawn();
        // From the moment its folder has another name; in every other round from anywhere before.
        if round % 2 == 0 {
            let removed = place(&appliance, &format!("{doomed}.removed"));
            let (started, is_moved) = (Instant::now(), || removed.is_dir() || is_gone(&appliance));
            while !is_moved() && started.elapsed() < HEALTHY_WITHIN {
                std::thread::yield_now();
            }
            assert!(is_moved());
        }
        std::thread::sleep(Duration::from_micros(feed.below(if round % 2 == 0 { 30_000 } else { 400_000 })));
        server.kill();
        cut += usize::from(!is_gone(&appliance));
        let (mut server, _took) = appliance.start().await;
        let api = Api::sign_in(&server).await;
        wait_until(HEALTHY_WITHIN, "the removal is over", || async { list_organizations(&api).await.len() == 1 }).await;
        assert!(is_gone(&appliance), "{:?}", list_tenants(&appliance.data()));
        let log = api.get_ok("/api/v1/admin/audit?action=organization.removed").await;
        assert_eq!(log["data"].as_array().unwrap().len(), 1, "told once: {log}");
        findings::assert_file_is_sound(&appliance.open_file());
        assert_eq!(findings::count_messages(&appliance.open_file()), messages, "the other one is as it was");
        assert_logs_are_whole(&appliance);
        server.kill();
        std::fs::remove_dir_all(appliance.data()).unwrap();
    }
    eprintln!("{cut} of {ROUNDS} removals were cut short");
}

/// The six digits an authenticator shows now.
fn code_of(secret: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let now_s = u64::try_from(salesbrain::clock::Clock::System.now_ms() / 1_000).unwrap();
    totp_rs::Builder::new().with_secret(secret).build_noncompliant().generate(now_s).to_string()
}

/// An appliance with a secret of each kind and several logs; answers the authenticator's.
async fn with_secrets(appliance: &Appliance) -> String {
    for number in 0..12 {
        appliance.run(&["organization", "create", &format!("Number {number}")], "");
    }
    let (mut server, _took) = appliance.start().await;
    let api = Api::sign_in(&server).await;
    for id in list_organizations(&api).await {
        let (status, session) = api.post(&format!("/api/v1/organizations/{id}/switch"), None).await;
        assert_eq!(status, 200, "{session}");
        let there = api.with_token(&text_of(&session["data"]["access_token"]));
        assert_eq!(there.post("/api/v1/connections", Some(json!({ "provider": "instantly" }))).await.0, 200);
    }
    // A link that waits for a mail server, which is not there.
    let email = json!({ "email": super::support::EMAIL });
    assert_eq!(api.post("/api/v1/auth/forgot-password", Some(email)).await.0, 200);
    wait_until(HEALTHY_WITHIN, "the link is held", || async {
        api.get_ok("/api/v1/admin/mails").await["data"][0]["link"].is_string()
    })
    .await;
    let begun = api.post("/api/v1/auth/totp", Some(json!({ "password": PASSWORD }))).await.1;
    let secret = text_of(&begun["data"]["secret"]);
    let confirmed = api.post("/api/v1/auth/totp/verify", Some(json!({ "code": code_of(&secret) }))).await;
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    server.kill();
    // So that the rounds may use the code of the same half minute.
    open(&appliance.data().join("control.db")).execute("UPDATE account SET totp_last_step = 0", []).unwrap();
    secret
}

/// Signs in with the authenticator's code, and reads the link of the mail that waits.
async fn assert_everything_opens(appliance: &Appliance, secret: &str) {
    open(&appliance.data().join("control.db")).execute("UPDATE account SET totp_last_step = 0", []).unwrap();
    let (mut server, _took) = appliance.start().await;
    let api = Api::new(&server);
    let login = json!({ "email": super::support::EMAIL, "password": PASSWORD });
    let step = api.post("/api/v1/auth/login", Some(login)).await.1;
    let body = json!({ "token": step["data"]["second_factor"]["token"], "code": code_of(secret) });
    let (status, session) = api.post("/api/v1/auth/second-factor", Some(body)).await;
    assert_eq!(status, 200, "{session}");
    let api = api.with_token(&text_of(&session["data"]["access_token"]));
    let mails = api.get_ok("/api/v1/admin/mails").await;
    assert!(mails["data"][0]["link"].as_str().is_some_and(|link| link.contains("reset-password#")), "{mails}");
    server.kill();
    assert_logs_are_whole(appliance);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_master_key_loses_nothing() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    let prepared = Appliance::create(&folder.path().join("prepared"));
    let secret = with_secrets(&prepared).await;
    let whole = time_of(&prepared, &folder.path().join("alone"), &["secret", "rotate"]);
    let key_file = |appliance: &Appliance| appliance.data().join("secret.key");
    let key_lines =
        |path: PathBuf| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let before = key_lines(key_file(&prepared));
    let mut cut = 0;
    for round in 0..ROUNDS {
        let appliance = prepared.copy_to(&folder.path().join(format!("round {round}")));
        // Cut short once more when it is run again.
        for _time in 0..2 {
            kill_within(&appliance, &["secret", "rotate"], random_part(&feed, whole));
            cut += usize::from(key_lines(key_file(&appliance)).len() == 2);
            assert_everything_opens(&appliance, &secret).await;
        }
        assert!(appliance.run(&["secret", "rotate"], "")["logs"].as_i64().unwrap() >= 14);
        let after = key_lines(key_file(&appliance));
        assert_eq!(after.len(), 1);
        assert_ne!(after, before);
        assert_everything_opens(&appliance, &secret).await;
        std::fs::remove_dir_all(appliance.data()).unwrap();
    }
    eprintln!("a rotation takes {whole:?}: {cut} of {} were cut short between the keys", 2 * ROUNDS);
}
