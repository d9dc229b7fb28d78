//! [`App`]: what every handler gets. Opened once per run from a checked configuration.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::broadcast;

use crate::account::avatar::Studio;
use crate::account::federation::oidc::Documents;
use crate::account::limit::AttemptLimiter;
use crate::account::password::Hasher;
use crate::account::session::Uses;
use crate::account::token::Signer;
use crate::account::wrong_codes::WrongCodes;
use crate::audit::Chain;
use crate::audit::delivery::Deliverer;
use crate::audit::ends::{self, Keeper};
use crate::clock::Clock;
use crate::config::Config;
use crate::connection::routes::WebhookRoutes;
use crate::http::metrics::Metrics;
use crate::http::rate::RateLimits;
use crate::id::IdSource;
use crate::mail::Mailer;
use crate::organization::removal::Remover;
use crate::outgoing::Guard;
use crate::search::WriterPool;
use crate::secret::Keyring;
use crate::store::{self, Database};
use crate::tenant::Shared;
use crate::tenant::registry::Registry;

/// Revoked sessions a feed may not have heard of yet; one that is further behind looks its own session up.
const REVOKED_BACKLOG: usize = 64;

/// The running appliance. Cheap to clone.
pub type App = Arc<AppInner>;

/// What the appliance holds for its whole life.
pub struct AppInner {
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: IdSource,
    /// `control.db`.
    pub control: Database,
    /// The open organizations.
    pub tenants: Registry,
    /// The master key and what is derived from it.
    pub keyring: Keyring,
    /// The appliance's own audit log.
    pub audit: Chain,
    /// Keeps how the audit logs end.
    pub audit_ends: Keeper,
    /// Carries audit rows into the organizations' logs.
    pub audit_deliverer: Deliverer,
    /// Guards connections to addresses a user can set.
    pub outgoing: Guard,
    /// Sends our mail.
    pub mailer: Mailer,
    /// Wakes the task that removes organizations whose time is over.
    pub remover: Remover,
    /// What the issuers of identities say about themselves.
    pub issuers: Documents,
    /// Signs and checks access tokens.
    pub signer: Signer,
    /// Hashes and checks passwords.
    pub hasher: Hasher,
    /// Makes pictures of people.
    pub studio: Studio,
    /// When sessions and keys were last in use.
    pub uses: Uses,
    /// Slows down guessing.
    pub attempts: AttemptLimiter,
    /// Slows down guessing of second factors from many addresses.
    pub wrong_codes: Arc<WrongCodes>,
    /// Slows down guessing of what a session is asked for once more.
    pub wrong_proofs: WrongCodes,
    /// How many requests a caller may send.
    pub rates: RateLimits,
    /// Tells open live feeds which sessions and keys were revoked or changed; see [`AppInner::announce_changed`].
    pub revoked_sessions: broadcast::Sender<uuid::Uuid>,
    /// Which webhook secret belongs where.
    pub webhook_routes: WebhookRoutes,
    /// Counts for `/metrics`.
    pub metrics: Metrics,
    /// Asked for at set-up when the browser may be on another machine.
    pub setup_code: String,
    /// When the program started, UTC milliseconds.
    pub started_at_ms: i64,
}

impl AppInner {
    /// Whether the disk has more than the reserve left. What can be left out is not written otherwise: the last bytes
    /// belong to an organization that is opened, which needs some even to be read.
    pub fn has_room(&self) -> bool {
        rustix::fs::statvfs(&self.config.data).is_ok_and(|statistics| {
            statistics.f_bavail.saturating_mul(statistics.f_frsize) >= self.config.disk_reserve_bytes
        })
    }
}

/// Why the appliance cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}")]
    Folder {
        /// The folder.
        folder: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file in it cannot be opened.
    #[error("cannot open the data")]
    Store(#[from] store::Error),
    /// The master key cannot be used.
    #[error("cannot use the master key")]
    Key(#[source] crate::secret::KeyError),
    /// It cannot be written down how the audit logs end.
    #[error("cannot use the data folder")]
    Ends(#[from] ends::EndsError),
    /// TLS cannot be used.
    #[error("cannot prepare outgoing connections")]
    Outgoing(#[source] reqwest::Error),
}

/// Opens the data folder.
pub fn open(config: Config, clock: Clock) -> Result<App, OpenError> {
    create_folder(&config.data)?;
    let ids = IdSource::new(clock.clone());
    let options = store::Options {
        clock: clock.clone(),
        ids: ids.clone(),
        readers: config.readers,
        read_limit_ms: config.read_limit_ms,
        max_pages: None,
    };
    let control = Database::open(&config.data.join("control.db"), &store::migration::CONTROL, &options)?;
    let keyring = Keyring::open(&config.data.join("secret.key")).map_err(OpenError::Key)?;
    let (folder, keys) = (config.data.clone(), keyring.clone());
    control
        .read_blocking(move |connection| Ok::<_, store::Error>(ends::create_first(&folder, &keys, connection)))??;
    let shared = Shared::new(options, WriterPool::new(config.index_writers));
    let tenants = Registry::new(config.data.join("tenants"), shared);
    let outgoing = Guard::new(&config.outgoing_allowed).map_err(OpenError::Outgoing)?;
    tenants.set_limit(config.open_organizations);
    let signer = Signer::new(&keyring, config.access_token_s);
    Ok(Arc::new(AppInner {
        attempts: AttemptLimiter::new(config.sign_in_attempts),
        wrong_codes: Arc::new(WrongCodes::of_accounts()),
        wrong_proofs: WrongCodes::of_sessions(),
        rates: RateLimits::new(&config, &clock),
        started_at_ms: clock.now_ms(),
        config,
        clock,
        ids,
        control,
        tenants,
        audit: Chain::of_appliance(&keyring),
        audit_ends: Keeper::default(),
        audit_deliverer: Deliverer::default(),
        mailer: Mailer::default(),
        remover: Remover::default(),
        keyring,
        outgoing,
        issuers: Documents::default(),
        signer,
        hasher: Hasher::new(),
        studio: Studio::default(),
        uses: Uses::default(),
        revoked_sessions: broadcast::Sender::new(REVOKED_BACKLOG),
        webhook_routes: WebhookRoutes::default(),
        metrics: Metrics::default(),
        setup_code: crate::account::token::random_code(),
    }))
}

/// Creates the data folder, readable by its owner only.
pub(crate) fn create_folder(folder: &Path) -> Result<(), OpenError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| OpenError::Folder { folder: folder.display().to_string(), source })
}
