//! Moving an organization: what arrives is what left, what was changed on the way is refused, and what was interrupted is
//! not there.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use salesbrain::account::permission::Role;
use salesbrain::id::{ConnectionId, OrganizationId};
use salesbrain::store::{Error as StoreError, Tx};
use serde_json::{Value, json};

use crate::support::{TestApp, numbered_reply, wait_until};

/// The name of an entry of an archive, and its bytes.
type Item = (String, Vec<u8>);
type Entries = Vec<Item>;

fn run(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salesbrain"))
        .args(arguments)
        .args(["--json", "--data"])
        .arg(data)
        .current_dir(data)
        .env_clear()
        .env("SALESBRAIN_LOG_FILTER", "error")
        .output()
        .unwrap()
}

#[track_caller]
fn expect_json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn expect_refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!error.contains("panicked"), "{error}");
    error
}

#[expect(clippy::disallowed_methods, reason = "the test looks into the file from outside")]
fn open(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// Every row of every table, in the order of the rows.
fn dump(path: &Path) -> Vec<String> {
    let connection = open(path);
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    let tables: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut lines = Vec::new();
    for table in tables {
        // The seal is the appliance's, and the import adds a row.
        let filter = if table == "audit" { "WHERE action <> 'organization.imported'" } else { "" };
        if table == "audit_head" {
            continue;
        }
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} {filter} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..columns)
                .map(|column| match row.get_ref(column).unwrap() {
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    other => format!("{other:?}"),
                })
                .collect();
            lines.push(format!("{table}: {}", values.join(" | ")));
        }
    }
    lines
}

fn tenant_file(test: &TestApp, id: OrganizationId) -> PathBuf {
    test.data().join("tenants").join(id.to_string()).join("tenant.db")
}

/// An organization with messages, members, a role, a key, a connection of its own and campaigns on a shared one.
async fn with_everything() -> (TestApp, ConnectionId) {
    let test = TestApp::start().await;
    let member = test.create_member(Role::Member).await;
    let secret = test.create_connection(test.organization_id).await;
    for number in 0..12 {
        test.post_webhook(&secret, &numbered_reply(number)).await.expect(200);
    }
    test.create_key(&test.operator, &[salesbrain::account::permission::Permission::InboxRead]).await;
    let shared = test.app.create_connection(None, "instantly", "Shared").await.unwrap().0.id;
    let (organization_id, account_id) = (test.organization_id, member.account_id);
    let more = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "INSERT INTO webhook_route (connection_id, provider_campaign_id, organization_id, created_at_ms) VALUES (?1, 'c-1', ?2, 1)",
            (shared, organization_id),
        )?;
        let role = tx.next_uuid();
        tx.connection().execute(
            "INSERT INTO role (id, organization_id, name, permissions, created_at_ms, updated_at_ms) VALUES (?1, ?2, 'Reader', 'inbox.read', 1, 1)",
            (role.as_bytes().as_slice(), organization_id),
        )?;
        tx.connection().execute(
            "UPDATE membership SET role = 'custom', role_id = ?2 WHERE account_id = ?1",
            (account_id, role.as_bytes().as_slice()),
        )?;
        Ok(())
    };
    test.app.control.write(more).await.unwrap();
    let files = tenant_file(&test, organization_id).parent().unwrap().join("files").join("ab");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("cdef"), "an attachment").unwrap();
    let operator = test.operator.clone();
    test.wait_for_consumers(&operator).await;
    let conversation = test.get("/api/v1/conversations", &operator).await.rows()[0]["id"].as_str().unwrap().to_owned();
    test.patch(&format!("/api/v1/conversations/{conversation}/archive"), &operator).await.expect(200);
    test.get("/api/v1/audit", &operator).await.expect(200);
    (test, shared)
}

fn export(test: &TestApp, file: &Path, more: &[&str]) -> Value {
    let file = file.to_string_lossy().into_owned();
    let mut arguments = vec!["organization", "export", "Acme", &file];
    arguments.extend(more);
    expect_json(&run(&test.data(), &arguments))
}

fn import(test: &TestApp, file: &Path) -> Output {
    run(&test.data(), &["organization", "import", &file.to_string_lossy()])
}

/// The archive's entries as they are.
fn read_archive(file: &Path) -> Entries {
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(file).unwrap()).unwrap());
    let read = |mut entry: tar::Entry<'_, _>| {
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    };
    archive.entries().unwrap().map(|entry| read(entry.unwrap())).collect()
}

fn manifest(file: &Path) -> Value {
    serde_json::from_slice(&read_archive(file)[0].1).unwrap()
}

#[tokio::test]
async fn what_arrives_is_what_left() {
    let (there, shared) = with_everything().await;
    let here = TestApp::start().await;
    drop(here.tenant(here.organization_id).await);
    let folder = crate::support::folder();
    let file = folder.path().join("acme.tar.zst");
    // Beside both running appliances.
    let answer = export(&there, &file, &[]);
    assert_eq!(answer["counts"]["message"], json!(12));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let names: Vec<String> = read_archive(&file).into_iter().map(|(name, _bytes)| name).collect();
    assert_eq!(names, ["manifest.json", "tenant.db", "files/ab/cdef"]);
    let imported = expect_json(&import(&here, &file));
    let id = there.organization_id;
    assert_eq!(imported["organization_id"], json!(id));
    // Before the import's own appliance opens it: the files are the same, row by row.
    assert_eq!(dump(&tenant_file(&here, id)), dump(&tenant_file(&there, id)));
    let copied = tenant_file(&here, id).parent().unwrap().join("files/ab/cdef");
    assert_eq!(std::fs::read_to_string(copied).unwrap(), "an attachment");
    // Its people are there, matched by address, without a password; its connections are its own, with new secrets.
    let connections = imported["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 2);
    assert!(connections.iter().any(|connection| connection["connection_id"] == json!(shared)));
    let control = open(&here.data().join("control.db"));
    let count = |sql: &str| -> i64 { control.query_row(sql, [id], |row| row.get(0)).unwrap() };
    assert_eq!(count("SELECT count(*) FROM membership WHERE organization_id = ?1"), 2);
    assert_eq!(count("SELECT count(*) FROM connection WHERE organization_id = ?1"), 2);
    assert_eq!(count("SELECT count(*) FROM api_key WHERE organization_id = ?1"), 0);
    let without = "SELECT count(*) FROM membership m JOIN account a ON a.id = m.account_id
                   WHERE m.organization_id = ?1 AND a.password_hash = ''";
    // The operator of this appliance has the same address and keeps the password.
    assert_eq!(count(without), 1);
    // A provider posts to the new secret, and its owner reads everything.
    let secret = connections[0]["webhook_secret"].as_str().unwrap();
    here.post_webhook(secret, &numbered_reply(99)).await.expect(200);
    let mut owner = here.operator.clone();
    owner.organization_id = id;
    let owner = here.sign_in_again(&owner).await;
    let rows = here.get("/api/v1/conversations?view=all", &owner).await.expect(200).rows();
    assert_eq!(rows.len(), 13);
    wait_until("the index is built", async || {
        let found = here.get("/api/v1/search?q=answer", &owner).await;
        found.status == 200 && found.rows().len() == 13
    })
    .await;
    // Both logs are whole, each under its own appliance's key.
    let audit = here.get("/api/v1/audit", &owner).await.expect(200).rows();
    assert!(audit.iter().any(|row| row["action"] == "organization.imported"), "{audit:?}");
    assert!(audit.iter().any(|row| row["action"] == "organization.exported"), "{audit:?}");
    assert!(audit.iter().any(|row| row["action"] == "conversation.archived"), "{audit:?}");
    for data in [there.data(), here.data()] {
        assert_eq!(expect_json(&run(&data, &["audit", "verify"]))["is_whole"], json!(true));
    }
    // A second time is refused, and nothing of it stays.
    let refusal = expect_refusal(&import(&here, &file));
    assert!(refusal.contains("is there already"), "{refusal}");
    assert_eq!(list_tenants(&here).len(), 2);
    // Neither is an existing file written over.
    let path = file.to_string_lossy().into_owned();
    expect_refusal(&run(&there.data(), &["organization", "export", "Acme", &path]));
}

fn list_tenants(test: &TestApp) -> Vec<String> {
    let entries = std::fs::read_dir(test.data().join("tenants")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn secrets_leave_only_when_asked_for() {
    let (there, _shared) = with_everything().await;
    let folder = crate::support::folder();
    let (plain, full) = (folder.path().join("plain"), folder.path().join("full"));
    let (id, sealed) = (there.operator.account_id, there.app.keyring.clone());
    let secret = sealed.seal(&format!("account.totp:{id}"), b"JBSWY3DPEHPK3PXP").unwrap();
    let give = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection()
            .execute("UPDATE account SET totp_secret = ?2, totp_confirmed_at_ms = 5 WHERE id = ?1", (id, secret))?;
        Ok(())
    };
    there.app.control.write(give).await.unwrap();
    export(&there, &plain, &[]);
    export(&there, &full, &["--with-secrets"]);
    let text = manifest(&plain).to_string();
    for part in ["argon2", "secret_hash", "key_hash", "password_hash", "totp"] {
        assert!(!text.contains(part), "{part} left: {text}");
    }
    let here = TestApp::start_empty();
    let imported = expect_json(&import(&here, &full));
    // The connection of its own keeps its secret; the shared one's stays with those who still use it.
    assert_eq!(imported["connections"].as_array().unwrap().len(), 1);
    assert_eq!(imported["has_no_administrator"], json!(true));
    let staff = ["account", "staff", "--email", "operator@acme.example", "--role", "sb_admin"];
    assert_eq!(expect_json(&run(&here.data(), &staff))["staff_role"], json!("sb_admin"));
    let control = open(&here.data().join("control.db"));
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let sql = "SELECT id, totp_secret, password_hash FROM account WHERE email = 'operator@acme.example'";
    let (account, sealed, hash): (salesbrain::id::AccountId, Vec<u8>, String) =
        control.query_row(sql, [], read).unwrap();
    assert_eq!(account, there.operator.account_id, "ids stay what they were");
    let opened = here.app.keyring.open_sealed(&format!("account.totp:{account}"), &sealed).unwrap();
    assert_eq!(opened, b"JBSWY3DPEHPK3PXP");
    assert!(hash.starts_with("$argon2id$"));
    let keys: i64 = control.query_row("SELECT count(*) FROM api_key", [], |row| row.get(0)).unwrap();
    assert_eq!(keys, 1);
}

/// What checking a hash costs stands in the hash: one from a file must not stop everybody's sign-in.
#[tokio::test]
async fn a_made_up_hash_does_not_come_along() {
    let (there, _shared) = with_everything().await;
    let folder = crate::support::folder();
    let (full, changed) = (folder.path().join("full"), folder.path().join("changed"));
    export(&there, &full, &["--with-secrets"]);
    let whole = read_archive(&full);
    for hash in [
        "$2b$31$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$S2V5LW9mLW5vYm9keS1ldmVyLXVzZWQtMTIzNDU2Nzg",
        "anything",
    ] {
        let change = |manifest: &mut Value| {
            let members = manifest["members"].as_array_mut().unwrap();
            for member in members {
                member["password_hash"] = json!(hash);
            }
        };
        let entries = with(&whole, |entries| describe(entries, change));
        write_archive(&changed, &entries);
        let here = TestApp::start_empty();
        expect_json(&import(&here, &changed));
        let control = open(&here.data().join("control.db"));
        let sql = "SELECT count(*), count(nullif(password_hash, '')) FROM account";
        let counts: (i64, i64) = control.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert!(counts.0 > 0 && counts.1 == 0, "{hash}: {counts:?}");
    }
}

/// Writes an archive of these entries; a name that ends with `>` is a link to what its bytes say.
fn write_archive(file: &Path, entries: &[Item]) {
    let encoder = zstd::Encoder::new(std::fs::File::create(file).unwrap(), 1).unwrap();
    let mut archive = tar::Builder::new(encoder);
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o600);
        let plain = name.trim_end_matches('>');
        // Past the library's own checks: this is someone else's archive.
        header.as_mut_bytes()[..plain.len()].copy_from_slice(plain.as_bytes());
        if name.ends_with('>') {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            header.as_mut_bytes()[157..157 + bytes.len()].copy_from_slice(bytes);
            header.set_cksum();
            archive.append(&header, std::io::empty()).unwrap();
        } else {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            archive.append(&header, bytes.as_slice()).unwrap();
        }
    }
    archive.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

/// The manifest says what the entries are.
fn describe(entries: &mut [Item], change: impl FnOnce(&mut Value)) {
    let mut manifest: Value = serde_json::from_slice(&entries[0].1).unwrap();
    for (name, bytes) in entries.iter().skip(1) {
        manifest["files"][name] = json!({ "bytes": bytes.len(), "blake3": blake3::hash(bytes).to_hex().to_string() });
    }
    change(&mut manifest);
    entries[0].1 = serde_json::to_vec(&manifest).unwrap();
}

/// What somebody did to a file on its way, the file as it is then, and what the refusal says.
type Case = (&'static str, Entries, &'static str);

/// The good archive with a change.
fn with(whole: &[Item], change: impl FnOnce(&mut Entries)) -> Entries {
    let mut entries = whole.to_vec();
    change(&mut entries);
    entries
}

/// The good archive with an entry more, which the manifest knows.
fn with_entry(whole: &[Item], name: &str) -> Entries {
    with(whole, |entries| {
        entries.push((name.to_owned(), b"x".to_vec()));
        describe(entries, |_manifest| {});
    })
}

/// The good archive with another database, which the manifest describes rightly.
fn with_database(whole: &[Item], change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Entries {
    with(whole, |entries| {
        entries[1].1 = change(std::mem::take(&mut entries[1].1));
        describe(entries, |_manifest| {});
    })
}

/// The same, after these statements.
fn with_statements(whole: &[Item], sql: &str) -> Entries {
    with_database(whole, |bytes| {
        let folder = crate::support::folder();
        let path = folder.path().join("changed.db");
        std::fs::write(&path, bytes).unwrap();
        let connection = open(&path);
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        std::fs::read(&path).unwrap()
    })
}

/// Files that are not what the manifest says, and a manifest that cannot be.
fn changed_files(whole: &[Item]) -> Vec<Case> {
    vec![
        ("one byte of a file", with(whole, |entries| entries[2].1[0] ^= 1), "was changed on the way"),
        ("one byte of the database", with(whole, |entries| entries[1].1[9_000] ^= 1), "was changed on the way"),
        ("a file is shorter", with(whole, |entries| entries[2].1.truncate(5)), "not as large"),
        ("a file is missing", with(whole, |entries| drop(entries.remove(2))), "is missing"),
        ("a file is there twice", with(whole, |entries| entries.push(entries[2].clone())), "or there twice"),
        ("the manifest is not first", with(whole, |entries| entries.swap(0, 1)), "first entry"),
        ("nothing", Vec::new(), "is empty"),
        ("another form", with(whole, |entries| describe(entries, |manifest| manifest["format"] = json!(2))), "form 2"),
        (
            "more than there is room for",
            with(whole, |entries| {
                describe(entries, |manifest| {
                    manifest["files"]["files/big"] = json!({ "bytes": 1_u64 << 60, "blake3": "00" });
                });
            }),
            "bytes of disk",
        ),
    ]
}

/// Databases that are not what left, under a manifest that agrees with them.
fn changed_databases(whole: &[Item]) -> Vec<Case> {
    let damage = |mut bytes: Vec<u8>| {
        bytes[4_096 * 5..4_096 * 6].fill(0x55);
        bytes
    };
    let shorter = "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)";
    let edited = "UPDATE audit SET actor_name = 'x' WHERE sequence = 1";
    let emptied = "DELETE FROM audit; DELETE FROM audit_head";
    let missing = "DELETE FROM timeline; DELETE FROM message WHERE number = 1";
    vec![
        ("a damaged database, well described", with_database(whole, damage), ""),
        ("a broken reference", with_statements(whole, "DELETE FROM contact WHERE rowid = 1"), "broken references"),
        ("an edited audit row", with_statements(whole, edited), "audit log is not whole"),
        ("a shorter audit log", with_statements(whole, shorter), "audit log is not whole"),
        ("an emptied audit log", with_statements(whole, emptied), "does not end as"),
        ("a missing row", with_statements(whole, missing), "does not hold"),
        ("a later program's file", with_statements(whole, "PRAGMA user_version = 99"), ""),
    ]
}

/// Entries that would be written somewhere else, or are no files.
fn ways_out(whole: &[Item]) -> Vec<Case> {
    let push = |name: &str, bytes: &[u8]| with(whole, |entries| entries.push((name.to_owned(), bytes.to_vec())));
    vec![
        ("a way out", with_entry(whole, "files/../../evil"), "no place for a file"),
        ("an absolute path", with_entry(whole, "/evil"), "no place for a file"),
        ("a path the manifest hides", push("../evil", b"x"), "no place for a file"),
        ("a link", push("files/link>", b"../../../secret.key"), "no plain file"),
    ]
}

#[tokio::test]
async fn whatever_was_changed_on_the_way_is_refused_and_leaves_nothing() {
    let (there, _shared) = with_everything().await;
    let here = TestApp::start().await;
    drop(here.tenant(here.organization_id).await);
    let folder = crate::support::folder();
    let file = folder.path().join("acme.tar.zst");
    export(&there, &file, &[]);
    let whole = read_archive(&file);
    let cases = [changed_files(&whole), changed_databases(&whole), ways_out(&whole)].concat();
    let before = (list_tenants(&here), dump_control(&here));
    for (what, entries, expected) in cases {
        let changed = folder.path().join("changed.tar.zst");
        write_archive(&changed, &entries);
        let refusal = expect_refusal(&import(&here, &changed));
        assert!(refusal.contains(expected), "{what}: {refusal}");
        assert_eq!((list_tenants(&here), dump_control(&here)), before, "{what} left something");
    }
    // Refused for what it is, not for what is missing of it: nobody waits for 64 GB, or keeps them in memory.
    let extended = folder.path().join("extended.tar.zst");
    for kind in [tar::EntryType::GNULongName, tar::EntryType::GNULongLink, tar::EntryType::XHeader] {
        write_extended(&extended, &whole, kind);
        assert!(expect_refusal(&import(&here, &extended)).contains("no plain file"), "{kind:?}");
        write_extended(&extended, &[], kind);
        assert!(expect_refusal(&import(&here, &extended)).contains("first entry"), "{kind:?}");
    }
    assert_eq!((list_tenants(&here), dump_control(&here)), before);
    std::fs::write(folder.path().join("garbage"), "this is no archive").unwrap();
    expect_refusal(&import(&here, &folder.path().join("garbage")));
    let half = std::fs::read(&file).unwrap();
    std::fs::write(folder.path().join("half"), &half[..half.len() / 2]).unwrap();
    expect_refusal(&import(&here, &folder.path().join("half")));
    assert_eq!((list_tenants(&here), dump_control(&here)), before);
    // The file itself is still good.
    expect_json(&import(&here, &file));
}

/// An archive with an entry of this kind behind these entries; it says that 64 GB follow, and a little does.
fn write_extended(file: &Path, entries: &[Item], kind: tar::EntryType) {
    let encoder = zstd::Encoder::new(std::fs::File::create(file).unwrap(), 1).unwrap();
    let mut archive = tar::Builder::new(encoder);
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(64 << 30);
    header.set_cksum();
    // Past the builder, which would want the rest.
    archive.get_mut().write_all(header.as_bytes()).unwrap();
    archive.get_mut().write_all(&[b'a'; 1024]).unwrap();
    archive.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

fn dump_control(test: &TestApp) -> Vec<String> {
    let lines = dump(&test.data().join("control.db"));
    lines.into_iter().filter(|line| !line.starts_with("session:")).collect()
}

#[tokio::test]
async fn what_an_interrupted_import_left_behind_is_cleared_by_the_next() {
    let (there, _shared) = with_everything().await;
    let here = TestApp::start().await;
    drop(here.tenant(here.organization_id).await);
    let folder = crate::support::folder();
    let file = folder.path().join("acme.tar.zst");
    export(&there, &file, &[]);
    let tenants = here.data().join("tenants");
    // Cut off while it unpacked, and cut off between the folder and the rows.
    for name in [format!("{}.importing", there.organization_id), there.organization_id.to_string()] {
        std::fs::create_dir_all(tenants.join(&name)).unwrap();
        std::fs::write(tenants.join(&name).join("importing"), "").unwrap();
        std::fs::write(tenants.join(&name).join("tenant.db"), "half").unwrap();
    }
    let rows = here.get("/api/v1/admin/organizations", &here.operator).await.expect(200).rows();
    assert_eq!(rows.len(), 1, "nobody sees it");
    expect_json(&import(&here, &file));
    assert_eq!(dump(&tenant_file(&here, there.organization_id)), dump(&tenant_file(&there, there.organization_id)));
    // A folder that is not of an import is nobody's to delete.
    let other = TestApp::start().await;
    let place = other.data().join("tenants").join(there.organization_id.to_string());
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("tenant.db"), "someone's").unwrap();
    expect_refusal(&import(&other, &file));
    assert_eq!(std::fs::read_to_string(place.join("tenant.db")).unwrap(), "someone's");
}

#[tokio::test]
async fn what_an_import_brings_in_at_this_moment_is_not_cleared_by_another() {
    let (there, _shared) = with_everything().await;
    let here = TestApp::start().await;
    drop(here.tenant(here.organization_id).await);
    let folder = crate::support::folder();
    let file = folder.path().join("acme.tar.zst");
    export(&there, &file, &[]);
    let tenants = here.data().join("tenants");
    for name in [format!("{}.importing", there.organization_id), there.organization_id.to_string()] {
        let folder = tenants.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("tenant.db"), "half").unwrap();
        let mark = std::fs::File::create(folder.join("importing")).unwrap();
        mark.lock().unwrap();
        let refusal = expect_refusal(&import(&here, &file));
        assert!(refusal.contains("at this moment"), "{refusal}");
        assert_eq!(std::fs::read_to_string(folder.join("tenant.db")).unwrap(), "half");
        drop(mark);
    }
    expect_json(&import(&here, &file));
}

#[tokio::test]
async fn an_operator_creates_renames_and_deletes_organizations() {
    let test = TestApp::start().await;
    let data = test.data();
    let created = expect_json(&run(&data, &["organization", "create", "Neue GmbH"]));
    let id = created["organization_id"].as_str().unwrap();
    expect_refusal(&run(&data, &["organization", "create", "neue gmbh"]));
    expect_refusal(&run(&data, &["organization", "create", " "]));
    assert!(run(&data, &["organization", "rename", id, "Alte GmbH"]).status.success());
    assert!(run(&data, &["organization", "delete", "Alte GmbH", "--grace-days", "3"]).status.success());
    expect_refusal(&run(&data, &["organization", "delete", "Nobody"]));
    // Without days, those of the configuration, as in the interface.
    expect_json(&run(&data, &["organization", "create", "Dritte GmbH"]));
    std::fs::write(data.join("salesbrain.toml"), "delete_grace_days = 100\n").unwrap();
    assert!(run(&data, &["organization", "delete", "Dritte GmbH"]).status.success());
    let rows = test.get("/api/v1/admin/organizations?q=gmbh&sort=created", &test.operator).await.expect(200).rows();
    let ends: Vec<i64> = rows.iter().map(|row| row["delete_after_ms"].as_i64().unwrap()).collect();
    let days = (ends[0] - ends[1]) / salesbrain::clock::DAY_MS;
    assert_eq!((rows[0]["name"].as_str(), days), (Some("Dritte GmbH"), 97));
    let rows = test.get("/api/v1/admin/organizations?q=alte", &test.operator).await.expect(200).rows();
    assert_eq!(rows[0]["id"], json!(id));
    assert!(rows[0]["delete_after_ms"].as_i64().is_some());
    let log = test.get("/api/v1/admin/audit?action=organization.", &test.operator).await.expect(200).rows();
    let actions: Vec<&str> = log.iter().map(|row| row["action"].as_str().unwrap()).collect();
    let expected = ["organization.deleted", "organization.created", "organization.deleted", "organization.created"];
    assert_eq!(actions, expected);
    assert_eq!(log[0]["actor"], json!("command_line"));
}
