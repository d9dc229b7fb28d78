//! A disk that is really full: the data folder lies on a small file system of its own, which webhooks and a ballast
//! file fill to the last byte. Nothing acknowledged is lost, reads go on, and it mends itself when space returns.
//!
//! The small file system is a tmpfs in a mount namespace of this test's own, so that nothing is left behind however
//! the test ends: the test runs itself once more inside that namespace. Rejected: `RLIMIT_FSIZE` (it bounds one file,
//! not the disk, and answers EFBIG), SQLite's `max_page_count` (the write-ahead log and the index never fill), a loop
//! device (needs root and cleaning up).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::feed::Feed;
use super::findings;
use super::support::{Api, Appliance, Server, text_of, wait_until};

/// Set in the run inside the namespace: where the file system is mounted.
const INSIDE: &str = "CRASH_TEST_SMALL_DISK";
/// Its size.
const DISK_MIB: u64 = 40;
/// Health reports the disk below this.
const RESERVE_BYTES: u64 = 4 << 20;
/// What the ballast leaves for webhooks to fill.
const LEFT_BYTES: u64 = 2 << 20;
/// Longest wait for any one thing.
const LIMIT: Duration = Duration::from_mins(1);

/// Ways to be allowed to mount, the most likely first.
const WAYS: [&[&str]; 3] = [
    &["unshare", "--mount"],
    &["unshare", "--user", "--map-root-user", "--mount"],
    &["sudo", "-n", "unshare", "--mount"],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_mends_itself() {
    let name = "disk::a_full_disk_loses_nothing_and_mends_itself";
    if let Some(folder) = std::env::var_os(INSIDE) {
        return run_on_small_disk(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let way = find_way(folder.path());
    let mut command = Command::new(way[0]);
    let mut assignment = std::ffi::OsString::from(format!("{INSIDE}="));
    assignment.push(folder.path());
    command.args(&way[1..]).arg("env").arg(assignment).arg(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{text}");
    assert!(output.status.success(), "the run on the small disk failed, see above");
    assert!(text.contains("1 passed"), "the run on the small disk did not run this test");
}

/// The first way that works; it is an error if none does.
fn find_way(folder: &Path) -> &'static [&'static str] {
    let works = |way: &&[&str]| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).args(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder);
        command.output().is_ok_and(|output| output.status.success())
    };
    WAYS.into_iter().find(works).expect(
        "this test needs to mount a small tmpfs: run it as root, with unprivileged user namespaces \
         (`unshare --user --map-root-user --mount`), or with `sudo` that asks for no password",
    )
}

fn mount(folder: &Path) {
    let size = format!("size={DISK_MIB}m");
    let mut command = Command::new("mount");
    let status = command.args(["-t", "tmpfs", "-o", &size, "tmpfs"].map(OsStr::new)).arg(folder).status().unwrap();
    assert!(status.success());
}

async fn run_on_small_disk(disk: &Path) {
    mount(disk);
    let folder = disk.join("data");
    fs::create_dir(&folder).unwrap();
    let mut appliance = Appliance::create(&folder);
    appliance.set("SALESBRAIN_DISK_RESERVE_BYTES", RESERVE_BYTES);
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let feed = Feed::new(seed, salesbrain::clock::Clock::System.now_ms());
    let (mut server, _took) = appliance.start().await;
    let api = Api::sign_in(&server).await;
    let posting = feed.post_to(&server.base_url, &appliance.secret);
    wait_until(LIMIT, "there is something to read", || async { feed.acknowledged() > 300 }).await;
    assert!(feed.take_refusals().is_empty());

    fill(disk, &feed).await;
    check_while_full(&api, &feed).await;
    assert!(server.is_running(), "{}", server.log());
    recover(disk, &feed).await;
    posting.end().await;
    check_after(&appliance, &api, &feed).await;

    // Once more, and this time it is killed and has to start on the full disk.
    let posting = feed.post_to(&server.base_url, &appliance.secret);
    fill(disk, &feed).await;
    server.kill();
    posting.end().await;
    assert_no_panic(&server);
    let mut server = appliance.spawn();
    let api = wait_for_answers(&api, &mut server).await;
    let posting = feed.post_to(&server.base_url, &appliance.secret);
    check_while_full(&api, &feed).await;
    recover(disk, &feed).await;
    posting.end().await;
    check_after(&appliance, &api, &feed).await;
    assert_no_panic(&server);
    eprintln!("{} events acknowledged of {} posted", feed.acknowledged(), feed.ledger().len());
}

/// After a start on a full disk health is 503: waits for any answer.
async fn wait_for_answers(session: &Api, server: &mut Server) -> Api {
    wait_until(LIMIT, "the program listens", || std::future::ready(server.find_address())).await;
    let api = session.at(server);
    let took =
        wait_until(LIMIT, "the inbox answers", || async { api.get("/api/v1/conversations").await.0 == 200 }).await;
    eprintln!("started on a full disk, the inbox answered after {took:?}");
    api
}

/// Leaves little space, lets webhooks fill it, and takes the last bytes.
async fn fill(disk: &Path, feed: &Feed) {
    let mut ballast = File::create(disk.join("ballast")).unwrap();
    let free = |disk: &Path| {
        let statistics = rustix::fs::statvfs(disk).unwrap();
        statistics.f_bavail * statistics.f_frsize
    };
    while free(disk) > LEFT_BYTES {
        ballast.write_all(&vec![7; 65_536]).unwrap();
    }
    feed.take_refusals();
    wait_until(LIMIT, "webhooks have filled the disk", || async { feed.refusals() > 0 }).await;
    // Whatever is given back between two attempts is taken as well.
    let mut rounds = 0;
    while rounds < 20 {
        while ballast.write_all(&[7; 4_096]).is_ok() {}
        rounds += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(free(disk) < 65_536, "{} bytes are free", free(disk));
}

async fn check_while_full(api: &Api, feed: &Feed) {
    feed.take_refusals();
    wait_until(LIMIT, "more webhooks are refused", || async { feed.refusals() > 100 }).await;
    for (answer, count) in feed.take_refusals() {
        assert!(answer.starts_with("503 ") && answer.contains("\"storage_full\""), "{count} webhooks: {answer}");
    }
    let inbox = api.get_ok("/api/v1/conversations").await;
    let id = text_of(&inbox["data"][0]["id"]);
    let thread = api.get_ok(&format!("/api/v1/conversations/{id}/messages")).await;
    assert_ne!(thread["count"], 0);
    for path in ["conversations/counts", "campaigns", "mailboxes", "statistics", "events", "contacts", "status"] {
        api.get_ok(&format!("/api/v1/{path}")).await;
    }
    api.search("in:received", "").await;
    let (status, health) = api.get("/health").await;
    assert_eq!(status, 503, "{health}");
    let disk = health["data"]["checks"].as_array().unwrap().iter().find(|check| check["name"] == "disk").unwrap();
    assert_eq!(disk["is_ok"], false, "{health}");
    let (status, answer) = api.patch(&format!("/api/v1/conversations/{id}/archive")).await;
    assert_eq!((status, &answer["code"]), (503, &Value::from("storage_full")), "{answer}");
    let (_status, conversation) = api.get(&format!("/api/v1/conversations/{id}")).await;
    assert_eq!(conversation["data"]["is_archived"], false, "half of a refused change was kept");
}

/// Gives the space back: webhooks are accepted again without anybody's help.
async fn recover(disk: &Path, feed: &Feed) {
    fs::remove_file(disk.join("ballast")).unwrap();
    let before = feed.acknowledged();
    let took = wait_until(LIMIT, "webhooks are accepted again", || async { feed.acknowledged() > before + 50 }).await;
    eprintln!("50 webhooks accepted {took:?} after space returned");
}

async fn check_after(appliance: &Appliance, api: &Api, feed: &Feed) {
    let took = api.wait_for_consumers(LIMIT).await;
    eprintln!("consumers caught up {took:?} later");
    let file = appliance.open_file();
    findings::assert_events(&file, &feed.ledger());
    findings::assert_counters(&file);
    findings::assert_timeline(&file);
    findings::assert_file_is_sound(&file);
    api.assert_index_is_complete(&file).await;
    let health = api.get_ok("/health").await;
    assert_eq!(health["success"], true, "{health}");
}

fn assert_no_panic(server: &Server) {
    let log = server.log();
    let panic = log.lines().find(|line| line.contains("panicked at"));
    assert!(panic.is_none(), "{panic:?}");
}
