//! The master key and the doctor: what is sealed survives a new key however often the change is interrupted, and what
//! someone who helps gets holds nothing that is nobody's business.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use salesbrain::account::permission::Role;
use salesbrain::account::store::{self as accounts, NewAccount};
use salesbrain::app::{self, App};
use salesbrain::audit::{Entry, Record, Who};
use salesbrain::clock::Clock;
use salesbrain::id::OrganizationId;
use salesbrain::secret::{Keyring, rotation};
use salesbrain::store::{Error as StoreError, Tx};
use serde_json::{Value, json};

use crate::support::{Folder, START_MS, TestApp, config, folder, reply};

fn program(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_salesbrain"))
        .args(arguments)
        .args(["--json", "--data"])
        .arg(data)
        .current_dir(data)
        .env_clear()
        .env("SALESBRAIN_LOG_FILTER", "error")
        .env("SALESBRAIN_METRICS_TOKEN", "planted-metrics-token-1")
        .output()
        .unwrap()
}

#[track_caller]
fn expect_json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn open_app(place: &Path) -> App {
    app::open(config(place), Clock::fixed(START_MS)).unwrap()
}

/// One of everything that is sealed, with the key that did it.
struct Sealed {
    folder: Folder,
    account: String,
    mail: String,
    organization_id: OrganizationId,
}

impl Sealed {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn key_path(&self) -> PathBuf {
        self.data().join("secret.key")
    }

    fn key_lines(&self) -> Vec<String> {
        std::fs::read_to_string(self.key_path()).unwrap().lines().map(str::to_owned).collect()
    }

    /// Runs SQL in `control.db`.
    async fn execute(&self, sql: &'static str) {
        let app = open_app(self.folder.path());
        let run = move |tx: &Tx<'_>| -> Result<(), StoreError> { Ok(tx.connection().execute_batch(sql)?) };
        app.control.write(run).await.unwrap();
    }

    /// Everything opens with the keys there are, and every log is whole.
    async fn assert_everything_opens(&self) {
        let app = open_app(self.folder.path());
        let read = |connection: &rusqlite::Connection| -> Result<(Vec<u8>, Vec<u8>, String, String), StoreError> {
            let setting = |name: &str| {
                connection.query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| row.get::<_, String>(0))
            };
            Ok((
                connection
                    .query_row("SELECT totp_secret FROM account WHERE totp_secret IS NOT NULL", [], |row| row.get(0))?,
                connection.query_row("SELECT body FROM mail", [], |row| row.get(0))?,
                setting("smtp")?,
                setting("providers")?,
            ))
        };
        let (totp, mail, smtp, providers) = app.control.read(read).await.unwrap();
        let open = |context: &str, sealed: &[u8]| app.keyring.open_sealed(context, sealed).unwrap();
        assert_eq!(open(&format!("account.totp:{}", self.account), &totp), b"totp");
        assert_eq!(open(&format!("mail:{}", self.mail), &mail), b"mail");
        let (smtp, providers): (Value, Value) =
            (serde_json::from_str(&smtp).unwrap(), serde_json::from_str(&providers).unwrap());
        let password = STANDARD.decode(smtp["password"].as_str().unwrap()).unwrap();
        assert_eq!(open("setting.smtp:password", &password), b"smtp");
        assert_eq!(smtp["host"], json!("mail.example"), "the rest of the setting stays");
        let secret = STANDARD_NO_PAD.decode(providers[0]["secret"].as_str().unwrap()).unwrap();
        assert_eq!(open("provider:google", &secret), b"provider");
        drop(app);
        assert_eq!(expect_json(&program(&self.data(), &["audit", "verify"]))["is_whole"], json!(true));
    }
}

async fn with_secrets() -> Sealed {
    let folder = folder();
    let app = open_app(folder.path());
    let (keyring, chain) = (app.keyring.clone(), app.audit.clone());
    let fill = move |tx: &Tx<'_>| -> Result<(String, String, OrganizationId), StoreError> {
        let account = NewAccount {
            email: "olga@acme.example".to_owned(),
            name: "Olga".to_owned(),
            password_hash: String::new(),
            language: salesbrain::account::model::Language::En,
        };
        let id = accounts::create_account(tx, &account)?;
        let organization_id = salesbrain::organization::create(tx, "Acme")?;
        accounts::create_membership(tx, id, organization_id, (Role::Owner, None))?;
        let mail = tx.next_uuid();
        let seal = |context: &str, text: &str| keyring.seal(context, text.as_bytes()).unwrap();
        let connection = tx.connection();
        connection.execute(
            "UPDATE account SET totp_secret = ?2, totp_confirmed_at_ms = 1 WHERE id = ?1",
            (id, seal(&format!("account.totp:{id}"), "totp")),
        )?;
        connection.execute(
            "INSERT INTO mail (id, kind, address, subject, body, state, run_at_ms, created_at_ms, expires_at_ms)
             VALUES (?1, 'reset', 'olga@acme.example', 's', ?2, 'held', 1, 1, 9000000000000)",
            (mail.as_bytes().as_slice(), seal(&format!("mail:{mail}"), "mail")),
        )?;
        let smtp =
            json!({ "host": "mail.example", "password": STANDARD.encode(seal("setting.smtp:password", "smtp")) });
        let provider = STANDARD_NO_PAD.encode(seal("provider:google", "provider"));
        let providers = json!([{ "id": "google", "secret": provider }, { "id": "telegram", "secret": "" }]);
        for (name, value) in [("smtp", smtp), ("providers", providers), ("registration", json!("open"))] {
            let values = (name, value.to_string());
            connection.execute("INSERT INTO setting (name, value, updated_at_ms) VALUES (?1, ?2, 1)", values)?;
        }
        chain.append(tx, Entry::new(Who::system(), "appliance.filled", Record::new("test", &"", "")))?;
        Ok((id.to_string(), mail.to_string(), organization_id))
    };
    let (account, mail, organization_id) = app.control.write(fill).await.unwrap();
    let chain = app.audit_chain(organization_id);
    let tenant = app.tenants.find(organization_id).await.unwrap();
    let note =
        move |tx: &Tx<'_>| chain.append(tx, Entry::new(Who::system(), "thing.made", Record::new("thing", &1, "")));
    let noted: Result<(), StoreError> = tenant.write(note).await;
    noted.unwrap();
    drop(tenant);
    app.tenants.close_all().await;
    Sealed { folder, account, mail, organization_id }
}

#[tokio::test]
async fn a_new_key_opens_everything_and_the_old_one_is_gone() {
    let sealed = with_secrets().await;
    let before = sealed.key_lines();
    sealed.assert_everything_opens().await;
    let answer = expect_json(&program(&sealed.data(), &["secret", "rotate"]));
    assert_eq!(answer, json!({ "secrets": 4, "logs": 2 }));
    let after = sealed.key_lines();
    assert_eq!((before.len(), after.len()), (1, 1));
    assert_ne!(before, after);
    sealed.assert_everything_opens().await;
    // Nothing of it opens with the old key.
    let old = sealed.folder.path().join("old.key");
    std::fs::write(&old, before.join("\n")).unwrap();
    let old = Keyring::open(&old).unwrap();
    let app = open_app(sealed.folder.path());
    let nothing = app.control.read(move |connection| -> Result<bool, StoreError> {
        let totp: Vec<u8> =
            connection
                .query_row("SELECT totp_secret FROM account WHERE totp_secret IS NOT NULL", [], |row| row.get(0))?;
        Ok(!old.is_current(&totp))
    });
    assert!(nothing.await.unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(sealed.key_path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// The program is cut off after each step in turn; in between everything opens, and running it again ends it.
#[tokio::test]
async fn a_rotation_that_is_cut_off_is_run_again() {
    for steps in 0..4 {
        let sealed = with_secrets().await;
        // What a crash in the middle of writing the key leaves behind.
        std::fs::write(sealed.data().join("secret.key.new"), "half").unwrap();
        if steps >= 1 {
            let keyring = Keyring::begin_rotation(&sealed.key_path()).unwrap();
            assert_eq!(sealed.key_lines().len(), 2);
            let app = open_app(sealed.folder.path());
            let keys = keyring.clone();
            if steps >= 2 {
                assert_eq!(app.control.write(move |tx| rotation::reseal_control(tx, &keys)).await.unwrap(), 4);
            }
            if steps >= 3 {
                let chain = salesbrain::audit::Chain::of_organization(&keyring, sealed.organization_id);
                let tenant = app.tenants.find(sealed.organization_id).await.unwrap();
                tenant.write(move |tx| rotation::reseal_log(tx, &chain)).await.unwrap();
                drop(tenant);
            }
            app.tenants.close_all().await;
        }
        sealed.assert_everything_opens().await;
        let answer = expect_json(&program(&sealed.data(), &["secret", "rotate"]));
        assert_eq!(answer["secrets"], json!(if steps >= 2 { 0 } else { 4 }), "after {steps} steps");
        assert_eq!(sealed.key_lines().len(), 1);
        sealed.assert_everything_opens().await;
    }
}

#[tokio::test]
async fn the_old_key_stays_while_anything_needs_it() {
    // A kind of secret the rotation does not know of.
    let sealed = with_secrets().await;
    let app = open_app(sealed.folder.path());
    let unknown = STANDARD.encode(app.keyring.seal("somewhere", b"else").unwrap());
    let plant = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        let value = json!({ "deep": [{ "inside": unknown }] }).to_string();
        tx.connection().execute("INSERT INTO setting (name, value, updated_at_ms) VALUES ('later', ?1, 1)", [value])?;
        Ok(())
    };
    app.control.write(plant).await.unwrap();
    drop(app);
    let output = program(&sealed.data(), &["secret", "rotate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the setting later"), "{output:?}");
    assert_eq!(sealed.key_lines().len(), 2);
    sealed.assert_everything_opens().await;
    sealed.execute("DELETE FROM setting WHERE name = 'later'").await;
    expect_json(&program(&sealed.data(), &["secret", "rotate"]));
    assert_eq!(sealed.key_lines().len(), 1);
    // A forged log does not become genuine by a new seal.
    sealed.execute("UPDATE audit_head SET hash = randomblob(32)").await;
    let output = program(&sealed.data(), &["secret", "rotate"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("audit verify"), "{output:?}");
    assert_eq!(sealed.key_lines().len(), 2);
}

#[tokio::test]
async fn a_key_is_not_changed_under_a_running_appliance() {
    let sealed = with_secrets().await;
    let lock = std::fs::File::create(sealed.data().join("in-use")).unwrap();
    lock.try_lock().unwrap();
    let output = program(&sealed.data(), &["secret", "rotate"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(sealed.key_lines().len(), 1);
}

#[track_caller]
fn faults(data: &Path) -> Vec<String> {
    let output = program(data, &["doctor"]);
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let checks = answer["checks"].as_array().unwrap();
    let wrong = checks.iter().filter(|check| check["is_ok"] == json!(false));
    let wrong: Vec<String> = wrong.map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(output.status.code(), Some(i32::from(!wrong.is_empty())), "{answer}");
    wrong
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_with_the_folder() {
    let sealed = with_secrets().await;
    let (data, id) = (sealed.data(), sealed.organization_id);
    assert_eq!(faults(&data), Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(sealed.key_path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(faults(&data), ["secret.key"]);
        std::fs::set_permissions(sealed.key_path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    sealed.execute("UPDATE audit SET actor = 'x' WHERE sequence = 1").await;
    assert_eq!(faults(&data), ["appliance audit"]);
    let tenant = data.join("tenants").join(id.to_string()).join("tenant.db");
    std::fs::write(&tenant, "no database".repeat(1_000)).unwrap();
    let expected =
        [format!("organization {id} tenant.db"), "appliance audit".to_owned(), format!("organization {id} audit")];
    assert_eq!(faults(&data), expected);
    std::fs::remove_file(sealed.key_path()).unwrap();
    assert_eq!(faults(&data).first().map(String::as_str), Some("secret.key"));
    assert!(!sealed.key_path().try_exists().unwrap(), "looking makes nothing");
}

/// The names of the files in a bundle, and all they say.
fn read_bundle(bundle: &Path) -> (Vec<String>, String) {
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(bundle).unwrap()).unwrap());
    let (mut names, mut text) = (Vec::new(), String::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().to_string_lossy().into_owned());
        entry.read_to_string(&mut text).unwrap();
    }
    (names, text)
}

/// Whatever secret and whatever people wrote: none of it is in what someone who helps gets.
#[tokio::test]
async fn the_bundle_holds_no_secret_and_nothing_people_wrote() {
    let test = TestApp::start().await;
    let secret = test.create_connection(test.organization_id).await;
    test.post_webhook(&secret, &reply(&json!({ "reply_text": "planted-body", "reply_subject": "planted-subject" })))
        .await
        .expect(200);
    let operator = test.operator.clone();
    test.wait_for_consumers(&operator).await;
    let key = test.create_key(&operator, &[]).await;
    test.post("/api/v1/connections", &operator, json!({ "provider": "instantly", "name": "planted-name" }))
        .await
        .expect(200);
    let (hash, totp) = ("planted-password-hash", test.app.keyring.seal("x", b"planted-totp").unwrap());
    let id = operator.account_id;
    let plant = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        tx.connection().execute(
            "UPDATE account SET password_hash = ?2, totp_secret = ?3, name = 'planted-person' WHERE id = ?1",
            (id, hash, totp),
        )?;
        tx.connection().execute("UPDATE organization SET name = 'planted-organization'", [])?;
        Ok(())
    };
    test.app.control.write(plant).await.unwrap();
    let folder = folder();
    let bundle = folder.path().join("bundle.tar.zst");
    let output = program(&test.data(), &["doctor", "--bundle", &bundle.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (names, mut text) = read_bundle(&bundle);
    assert_eq!(names, ["configuration.txt", "versions.json", "checks.json", "figures.json"]);
    assert!(text.contains(&test.organization_id.to_string()) && text.contains("\"messages\": 1"), "{text}");
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    // Neither is any of it in what anybody, or the staff, can ask for.
    for path in ["/openapi.json", "/health"] {
        text.push_str(&test.get_anonymous(path).await.text);
    }
    for path in ["/api/v1/admin/audit", "/api/v1/connections", "/api/v1/provider-events", "/api/v1/jobs", "/metrics"] {
        let answer = test.get(path, &operator).await.expect(200).text;
        for part in [&secret, &key, "planted-password-hash", "planted-totp", "planted-body"] {
            assert!(!answer.contains(part), "{path} tells {part}");
        }
    }
    let master = std::fs::read_to_string(test.data().join("secret.key")).unwrap();
    for part in [
        &secret,
        &key,
        master.trim(),
        "planted-",
        &operator.token,
        &operator.refresh_token,
        "operator@acme.example",
        "lena.brunner",
        "Bergbahn",
        "Zürich",
    ] {
        assert!(!text.contains(part), "the bundle tells {part}: {text}");
    }
}
