//! Configuration: read once, here and nowhere else, into a checked [`Config`].
//!
//! The commented default file (`config/default.toml`) is the documentation and the defaults; a test holds that
//! loading it changes nothing. Sources, the later wins: default file, configuration file, `.env`, environment, command
//! line. Rejected: a settings crate (the layering is forty lines, and its error messages would not name our sources).

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use crate::network::Network;

/// The default file, which is also the documentation.
pub const DEFAULT_FILE: &str = include_str!("config/default.toml");
/// Where a configuration file is looked for when none is named.
const FILE_NAME: &str = "salesbrain.toml";
/// Prefix of environment variables.
const PREFIX: &str = "SALESBRAIN_";

/// How log lines look.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For log collectors.
    Json,
}

/// Shortest `metrics_token`.
const METRICS_TOKEN_MIN_BYTES: usize = 16;

/// A secret among the settings; it does not show itself.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Secret {
    /// The secret itself, for whoever has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `given` is the secret, found in a time that says nothing about it; nothing is an empty secret.
    pub fn is_match(&self, given: &str) -> bool {
        let (ours, theirs) = (blake3::hash(self.0.as_bytes()), blake3::hash(given.as_bytes()));
        // Hashes of BLAKE3 compare in constant time.
        !self.0.is_empty() && ours == theirs
    }
}

/// A page's origin as browsers send it, such as `https://app.example.com`. No star and no `null`: what everybody can be is
/// no origin to trust.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Origin(String);

impl Origin {
    /// As it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_web = (text.starts_with("http://") || text.starts_with("https://")) && !text.contains('*');
        let origin = url::Url::parse(&text).ok().map(|url| url.origin().ascii_serialization());
        if is_web && origin.as_deref() == Some(text.as_str()) {
            return Ok(Self(text));
        }
        Err(format!("{text:?} is not an origin such as https://app.example.com, without a path or a slash at its end"))
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

/// The settings of one run; see `config/default.toml` for what each means.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config/default.toml documents each key, once")]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub public_url: String,
    pub trusted_proxies: Vec<Network>,
    pub outgoing_allowed: Vec<Network>,
    pub log_format: LogFormat,
    pub log_filter: String,
    pub webhook_limit_bytes: usize,
    pub header_limit_ms: u64,
    pub body_limit_ms: u64,
    pub rate_limit_per_minute: u32,
    pub address_rate_limit_per_minute: u32,
    pub cors_origins: Vec<Origin>,
    pub metrics_token: Secret,
    pub readers: u32,
    pub read_limit_ms: u64,
    pub index_writers: usize,
    pub open_organizations: usize,
    pub disk_reserve_bytes: u64,
    pub access_token_s: i64,
    pub session_days: i64,
    pub session_end_days: i64,
    pub delete_grace_days: i64,
    pub sign_in_attempts: u32,
    pub instantly_url: String,
    pub instantly_attempts: u32,
    pub instantly_key: Secret,
}

/// Why the configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file or a value is not what it should be.
    #[error("{origin}: {finding}")]
    Invalid {
        /// Where the value came from.
        origin: String,
        /// What is wrong, in one line.
        finding: String,
    },
}

/// Values given on the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<String>,
}

/// Reads the configuration from all its sources.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
    let mut environment = read_env_file(Path::new(".env"))?;
    environment.extend(std::env::vars().filter(|(name, _value)| name.starts_with(PREFIX)));
    let file = overrides.file.clone().or_else(|| environment.remove("SALESBRAIN_CONFIG").map(PathBuf::from));
    environment.remove("SALESBRAIN_CONFIG");
    load_from(file.as_deref(), &environment, overrides)
}

fn load_from(
    file: Option<&Path>,
    environment: &BTreeMap<String, String>,
    overrides: &Overrides,
) -> Result<Config, ConfigError> {
    let mut table = parse("the default file", DEFAULT_FILE)?;
    let default_file = Path::new(FILE_NAME);
    let file = file.or_else(|| default_file.is_file().then_some(default_file));
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let origin = path.display().to_string();
        check_known(&table, parse(&origin, &text)?.keys(), &origin)?;
        table.extend(parse(&origin, &text)?);
    }
    for (name, value) in environment {
        let key = name.strip_prefix(PREFIX).unwrap_or(name).to_lowercase();
        check_known(&table, [&key].into_iter(), &format!("environment variable {name}"))?;
        let typed = typed_like(table.get(&key), value);
        table.insert(key, typed);
    }
    if let Some(data) = &overrides.data {
        table.insert("data".to_owned(), toml::Value::String(data.to_string_lossy().into_owned()));
    }
    if let Some(listen) = &overrides.listen {
        table.insert("listen".to_owned(), toml::Value::String(listen.clone()));
    }
    let config: Config = table.try_into().map_err(|error: toml::de::Error| invalid("configuration", &error))?;
    check(config)
}

fn parse(origin: &str, text: &str) -> Result<toml::Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| invalid(origin, &error))
}

fn invalid(origin: &str, error: &toml::de::Error) -> ConfigError {
    ConfigError::Invalid { origin: origin.to_owned(), finding: error.to_string().trim().to_owned() }
}

fn check_known<'key>(
    known: &toml::Table,
    keys: impl Iterator<Item = &'key String>,
    origin: &str,
) -> Result<(), ConfigError> {
    for key in keys {
        if !known.contains_key(key) {
            let finding = format!("unknown key {key:?}; `salesbrain config` prints every key");
            return Err(ConfigError::Invalid { origin: origin.to_owned(), finding });
        }
    }
    Ok(())
}

/// An environment value in the type its default has.
fn typed_like(default: Option<&toml::Value>, text: &str) -> toml::Value {
    match default {
        Some(toml::Value::Integer(_)) => {
            text.trim().parse().map_or_else(|_error| toml::Value::String(text.to_owned()), toml::Value::Integer)
        }
        Some(toml::Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
        _ => toml::Value::String(text.to_owned()),
    }
}

/// Rules that concern a value, not its type.
fn check(mut config: Config) -> Result<Config, ConfigError> {
    let refuse =
        |key: &str, finding: &str| Err(ConfigError::Invalid { origin: key.to_owned(), finding: finding.to_owned() });
    if !config.public_url.is_empty() {
        let is_web = config.public_url.starts_with("http://") || config.public_url.starts_with("https://");
        if !is_web {
            return refuse("public_url", "must start with http:// or https://");
        }
        if let Err(error) = url::Url::parse(&config.public_url) {
            return refuse("public_url", &error.to_string());
        }
        config.public_url = config.public_url.trim_end_matches('/').to_owned();
    }
    if config.readers == 0 || config.index_writers == 0 {
        return refuse("readers, index_writers", "must be at least 1");
    }
    if config.header_limit_ms == 0 || config.body_limit_ms == 0 {
        return refuse("header_limit_ms, body_limit_ms", "must be at least 1");
    }
    if !config.metrics_token.0.is_empty() && config.metrics_token.0.len() < METRICS_TOKEN_MIN_BYTES {
        return refuse("metrics_token", "must have at least 16 characters");
    }
    if config.instantly_attempts == 0 {
        return refuse("instantly_attempts", "must be at least 1");
    }
    if config.access_token_s < 30 || config.session_days < 1 || config.session_end_days < 1 {
        return refuse("access_token_s, session_days, session_end_days", "must be at least 30 seconds and 1 day");
    }
    if !(0..=3_650).contains(&config.delete_grace_days) {
        return refuse("delete_grace_days", "must be between 0 and 3650");
    }
    Ok(config)
}

impl Config {
    /// The address under which the appliance is reached, without a trailing slash.
    pub fn base_url(&self) -> String {
        if self.public_url.is_empty() { format!("http://{}", self.listen) } else { self.public_url.clone() }
    }

    /// Whether [`Self::base_url`] is an address at all: listening everywhere does not say under which one we are reached.
    pub fn is_address_known(&self) -> bool {
        !self.public_url.is_empty() || !self.listen.ip().is_unspecified()
    }

    /// Whether `public_url` says that the appliance is reached from other machines.
    pub fn is_public(&self) -> bool {
        let url = url::Url::parse(&self.public_url).ok();
        match url.as_ref().and_then(url::Url::host) {
            None => false,
            Some(url::Host::Domain(name)) => !name.eq_ignore_ascii_case("localhost"),
            Some(url::Host::Ipv4(address)) => !address.is_loopback(),
            Some(url::Host::Ipv6(address)) => !address.is_loopback(),
        }
    }
}

/// Reads `NAME=value` lines; quotes around a value are taken off, `#` starts a comment line.
fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
    };
    let mut values = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        if line.starts_with('#') || !name.trim().starts_with(PREFIX) {
            continue;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        values.insert(name.trim().to_owned(), value.to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_default_file_is_complete_and_loading_it_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.toml");
        std::fs::write(&path, DEFAULT_FILE).unwrap();
        let none = BTreeMap::new();
        let from_nothing = load_from(None, &none, &Overrides::default()).unwrap();
        let from_copy = load_from(Some(&path), &none, &Overrides::default()).unwrap();
        assert_eq!(from_nothing, from_copy);
        assert_eq!(from_nothing.listen.to_string(), "127.0.0.1:8001");
    }

    #[test]
    fn the_later_source_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "listen = '127.0.0.1:1'\ndata = '/from/file'\nreaders = 7").unwrap();
        let environment = environment(&[("SALESBRAIN_LISTEN", "127.0.0.1:2"), ("SALESBRAIN_READERS", "9")]);
        let overrides = Overrides { listen: Some("127.0.0.1:3".to_owned()), ..Overrides::default() };
        let config = load_from(Some(&path), &environment, &overrides).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.readers, 9);
        assert_eq!(config.data, Path::new("/from/file"));
    }

    #[test]
    fn unknown_keys_are_errors_that_name_key_and_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "lisen = '127.0.0.1:1'").unwrap();
        let error = load_from(Some(&path), &BTreeMap::new(), &Overrides::default()).unwrap_err().to_string();
        assert!(error.contains("lisen") && error.contains("a.toml"), "{error}");
        let error = load_from(None, &environment(&[("SALESBRAIN_LISEN", "x")]), &Overrides::default()).unwrap_err();
        assert!(error.to_string().contains("SALESBRAIN_LISEN"), "{error}");
    }

    #[test]
    fn wrong_values_are_refused() {
        for (name, value) in [
            ("SALESBRAIN_LISTEN", "nowhere"),
            ("SALESBRAIN_READERS", "many"),
            ("SALESBRAIN_PUBLIC_URL", "ftp://x"),
            ("SALESBRAIN_PUBLIC_URL", "https://"),
            ("SALESBRAIN_TRUSTED_PROXIES", "10.0.0.1, nowhere"),
            ("SALESBRAIN_HEADER_LIMIT_MS", "0"),
            ("SALESBRAIN_BODY_LIMIT_MS", "0"),
            ("SALESBRAIN_RATE_LIMIT_PER_MINUTE", "-1"),
            ("SALESBRAIN_CORS_ORIGINS", "*"),
            ("SALESBRAIN_CORS_ORIGINS", "null"),
            ("SALESBRAIN_CORS_ORIGINS", "app.example.com"),
            ("SALESBRAIN_CORS_ORIGINS", "https://app.example.com/"),
            ("SALESBRAIN_CORS_ORIGINS", "https://app.example.com/path"),
            ("SALESBRAIN_CORS_ORIGINS", "https://*.example.com"),
            ("SALESBRAIN_CORS_ORIGINS", "https://APP.example.com"),
            ("SALESBRAIN_CORS_ORIGINS", "https://me@app.example.com"),
            ("SALESBRAIN_CORS_ORIGINS", "https://app.example.com:443"),
            ("SALESBRAIN_CORS_ORIGINS", "file:///tmp"),
            ("SALESBRAIN_METRICS_TOKEN", "short"),
            ("SALESBRAIN_DELETE_GRACE_DAYS", "-1"),
            ("SALESBRAIN_INSTANTLY_ATTEMPTS", "0"),
        ] {
            load_from(None, &environment(&[(name, value)]), &Overrides::default()).unwrap_err();
        }
    }

    #[test]
    fn trusted_proxies_come_from_a_file_or_with_commas_from_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "trusted_proxies = ['10.0.0.0/8', '::1']").unwrap();
        let by_file = load_from(Some(&path), &BTreeMap::new(), &Overrides::default()).unwrap().trusted_proxies;
        let variables = environment(&[("SALESBRAIN_TRUSTED_PROXIES", "10.0.0.0/8,::1")]);
        let by_environment = load_from(None, &variables, &Overrides::default()).unwrap().trusted_proxies;
        assert_eq!(by_file, by_environment);
        assert_eq!(by_file.iter().map(Network::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        let none = environment(&[("SALESBRAIN_TRUSTED_PROXIES", "")]);
        assert!(load_from(Some(&path), &none, &Overrides::default()).unwrap().trusted_proxies.is_empty());
    }

    #[test]
    fn origins_are_taken_as_browsers_send_them() {
        let none = load_from(None, &BTreeMap::new(), &Overrides::default()).unwrap().cors_origins;
        assert!(none.is_empty(), "closed unless it is opened");
        let variables = environment(&[(
            "SALESBRAIN_CORS_ORIGINS",
            "https://app.example.com,http://localhost:3000,http://[::1]:8080",
        )]);
        let origins = load_from(None, &variables, &Overrides::default()).unwrap().cors_origins;
        let texts: Vec<&str> = origins.iter().map(Origin::as_str).collect();
        assert_eq!(texts, ["https://app.example.com", "http://localhost:3000", "http://[::1]:8080"]);
    }

    #[test]
    fn a_secret_matches_itself_only_and_does_not_show_itself() {
        let secret = Secret::from("scrape-me-if-you-can");
        assert!(secret.is_match("scrape-me-if-you-can"));
        assert!(!secret.is_match("scrape-me-if-you-can't") && !secret.is_match(""));
        assert!(!Secret::from("").is_match(""));
        let variables = environment(&[("SALESBRAIN_METRICS_TOKEN", "scrape-me-if-you-can")]);
        let config = load_from(None, &variables, &Overrides::default()).unwrap();
        assert_eq!(config.metrics_token, secret);
        assert!(!format!("{config:?}").contains("scrape-me"), "{config:?}");
    }

    #[test]
    fn an_appliance_is_public_when_its_address_is() {
        for (public_url, is_public) in [
            ("", false),
            ("http://localhost:8001", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:8001", false),
            ("https://sales.example.com", true),
            ("http://192.168.1.7:8001", true),
        ] {
            let variables = environment(&[("SALESBRAIN_PUBLIC_URL", public_url)]);
            let config = load_from(None, &variables, &Overrides::default()).unwrap();
            assert_eq!(config.is_public(), is_public, "{public_url}");
        }
    }

    #[test]
    fn an_env_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, "# comment\nexport SALESBRAIN_DATA=\"/x\"\nOTHER=1\nSALESBRAIN_LISTEN=127.0.0.1:5\n")
            .unwrap();
        let values = read_env_file(&path).unwrap();
        assert_eq!(values, environment(&[("SALESBRAIN_DATA", "/x"), ("SALESBRAIN_LISTEN", "127.0.0.1:5")]));
        assert!(read_env_file(&folder.path().join("missing")).unwrap().is_empty());
    }
}
