//! Faults that are switched while the simulator runs: `PUT /simulator/faults` with the fields that are to differ from
//! "no fault", or [`super::Workspace::set_faults`].

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::Workspace;

/// How a call fails.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The service's own error body.
    #[default]
    Standard,
    /// A page of the proxy in front, in HTML.
    Html,
    /// Status 200 and an error in the body.
    Reported,
    /// Status 200 and text that is no JSON.
    Garbage,
    /// The connection is closed without an answer.
    Drop,
}

/// What is wrong with the cursors of lists.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorFault {
    /// Nothing.
    #[default]
    None,
    /// Every page names the same.
    Repeated,
    /// No page names one.
    Missing,
    /// Each page begins with the last entry of the page before, as when the list changes between calls.
    Overlapping,
}

/// What is wrong at the moment.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every answer waits so long.
    pub slow_ms: u64,
    /// So many of the next calls fail.
    pub failures: u32,
    /// How they fail.
    pub failure: Failure,
    /// With which status; 500 if 0.
    pub failure_status: u16,
    /// What their `Retry-After` says, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whether what was asked is done before the call fails.
    pub is_done_first: bool,
    /// Only calls whose path begins so fail; all if empty.
    pub only_path: String,
    /// The proxy in front refuses everything, in HTML.
    pub is_proxy_refusing: bool,
    /// A `limit` above 100 gives an empty page instead of an error.
    pub is_empty_above_limit: bool,
    /// What is wrong with cursors.
    pub cursor: CursorFault,
    /// Share of events (0 to 1) delivered twice to webhooks that are made from now on.
    pub duplicates: f64,
}

/// Marks an answer that is not sent.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("closed without an answer, as asked")]
pub(super) struct Dropped;

/// The switch.
#[derive(Debug, Default)]
pub(super) struct Switch(Mutex<Faults>);

impl Switch {
    pub(super) fn set(&self, faults: Faults) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    pub(super) fn get(&self) -> Faults {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this call is to fail; counts it.
    pub(super) fn take_failure(&self, path: &str) -> Option<Faults> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.failures == 0 || !path.starts_with(&faults.only_path) {
            return None;
        }
        faults.failures -= 1;
        Some(faults.clone())
    }
}

pub(super) async fn find_faults(State(workspace): State<Workspace>) -> Json<Faults> {
    Json(workspace.0.faults.get())
}

pub(super) async fn update_faults(State(workspace): State<Workspace>, Json(faults): Json<Faults>) -> Json<Faults> {
    workspace.0.faults.set(faults);
    Json(workspace.0.faults.get())
}
