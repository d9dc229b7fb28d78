//! Which webhook secret belongs to which connection: the look-up of every delivery, kept in memory for a moment.
//!
//! The presented secret is hashed and the hash is looked up, so no comparison runs over the secret itself and time
//! reveals nothing. An entry is trusted for [`TRUST_MS`]: a secret that was replaced or a connection that was deleted,
//! also by the command line in another process, stops working within that time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::id::{ConnectionId, OrganizationId};

/// How long an entry is trusted.
const TRUST_MS: i64 = 1_000;
/// Most entries; beyond it the table starts anew.
const ENTRY_LIMIT: usize = 10_000;

/// A connection as a delivery needs to know it.
#[derive(Clone, Debug)]
pub struct WebhookRoute {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its organization; `None` for a shared connection.
    pub organization_id: Option<OrganizationId>,
}

/// The routes seen lately.
#[derive(Default)]
pub struct WebhookRoutes {
    known: Mutex<BTreeMap<[u8; 32], (i64, WebhookRoute)>>,
}

impl WebhookRoutes {
    /// The route of a secret, if it was looked up a moment ago.
    pub fn find(&self, hash: &[u8; 32], now_ms: i64) -> Option<WebhookRoute> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (looked_up_at_ms, route) = known.get(hash)?;
        (now_ms.saturating_sub(*looked_up_at_ms) < TRUST_MS).then(|| route.clone())
    }

    /// Keeps a route that was just looked up.
    pub fn keep(&self, hash: [u8; 32], now_ms: i64, route: WebhookRoute) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ENTRY_LIMIT {
            known.clear();
        }
        known.insert(hash, (now_ms, route));
    }

    /// Forgets all, after a change in this process.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
