//! [`Activity`]: what the service's own records say about leads after the events so far.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::event::SimulatedEvent;

/// Counters and status of one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeadActivity {
    /// 1 active, 3 completed, -1 bounced, -2 unsubscribed.
    pub(super) status: i8,
    /// Number of the interest label, if one is set.
    pub(super) interest: Option<i16>,
    pub(super) opens: u32,
    pub(super) clicks: u32,
    pub(super) replies: u32,
    pub(super) last_step: Option<u8>,
    pub(super) contacted_ms: Option<i64>,
    pub(super) opened_ms: Option<i64>,
    pub(super) replied_ms: Option<i64>,
    pub(super) changed_ms: i64,
}

impl Default for LeadActivity {
    fn default() -> Self {
        Self {
            status: 1,
            interest: None,
            opens: 0,
            clicks: 0,
            replies: 0,
            last_step: None,
            contacted_ms: None,
            opened_ms: None,
            replied_ms: None,
            changed_ms: 0,
        }
    }
}

/// The records of all leads, by their index in the world.
#[derive(Debug, Default)]
pub(super) struct Activity(Mutex<BTreeMap<usize, LeadActivity>>);

impl Activity {
    /// Takes note of an event.
    pub(super) fn record(&self, event: &SimulatedEvent) {
        let Some(index) = event.lead else { return };
        let mut leads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leads.entry(index).or_default().apply(event);
    }

    /// The record of a lead.
    pub(super) fn of(&self, index: usize) -> LeadActivity {
        let leads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leads.get(&index).cloned().unwrap_or_default()
    }
}

impl LeadActivity {
    fn apply(&mut self, event: &SimulatedEvent) {
        self.changed_ms = event.at_ms;
        match event.event_type.as_ref() {
            "email_sent" => {
                self.last_step = event.step;
                self.contacted_ms = Some(event.at_ms);
                if self.status == 3 {
                    self.status = 1;
                }
            }
            "email_opened" => {
                self.opens += 1;
                self.opened_ms = Some(event.at_ms);
            }
            "link_clicked" => self.clicks += 1,
            "reply_received" => {
                self.replies += 1;
                self.replied_ms = Some(event.at_ms);
                if self.status == 1 {
                    self.status = 3;
                }
            }
            "email_bounced" => self.status = -1,
            "lead_unsubscribed" => self.status = -2,
            "lead_interested" => self.interest = Some(1),
            "lead_meeting_booked" => self.interest = Some(2),
            "lead_meeting_completed" => self.interest = Some(3),
            "lead_closed" => self.interest = Some(4),
            "lead_out_of_office" => self.interest = Some(0),
            "lead_not_interested" => self.interest = Some(-1),
            "lead_wrong_person" => self.interest = Some(-2),
            "lead_no_show" => self.interest = Some(-4),
            "lead_neutral" => self.interest = None,
            "auto_reply_received" => {}
            _ => self.interest = Some(CUSTOM_LABEL),
        }
    }
}

/// The number the service gave to the team's own label.
const CUSTOM_LABEL: i16 = 4711;
