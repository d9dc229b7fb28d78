//! [`Activity`]: what the service's own records say about leads after the events so far.

mod mail;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::event::SimulatedEvent;
pub(super) use mail::{EmailKind, EmailRecord, MailText};

/// E-mails that are kept; older ones are forgotten, so that a simulator may run for weeks.
const EMAIL_CAPACITY: usize = 60_000;

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

/// What happened in campaigns, as analytics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FactKind {
    Sent,
    Opened,
    Clicked,
    Replied,
    AutoReplied,
    Bounced,
    Unsubscribed,
    /// The lead got a good label.
    Opportunity,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) at_ms: i64,
    pub(super) campaign: Uuid,
    pub(super) lead: usize,
    /// Counted from 1.
    pub(super) step: u8,
    /// Counted from 1.
    pub(super) variant: u8,
    pub(super) kind: FactKind,
}

/// The records of all leads, by their index in the world, their e-mails, and what analytics count.
#[derive(Debug, Default)]
pub(super) struct Activity(Mutex<Inner>);

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) leads: BTreeMap<usize, LeadActivity>,
    /// Oldest first.
    pub(super) emails: VecDeque<EmailRecord>,
    pub(super) facts: Vec<Fact>,
}

impl Activity {
    /// Takes note of an event.
    pub(super) fn record(&self, seed: u64, event: &SimulatedEvent) {
        let Some(index) = event.lead else { return };
        let mut inner = self.lock();
        inner.leads.entry(index).or_default().apply(event);
        let Some(mail) = mail::read(seed, event) else { return };
        if let Some(kind) = fact_kind(&event.event_type) {
            let (campaign, step, variant) = (mail.campaign, mail.step, mail.variant);
            inner.facts.push(Fact { at_ms: event.at_ms, campaign, lead: index, step, variant, kind });
        }
        if let Some(email) = mail.email {
            inner.add_email(email);
        }
    }

    /// The record of a lead.
    pub(super) fn of(&self, index: usize) -> LeadActivity {
        self.lock().leads.get(&index).cloned().unwrap_or_default()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    pub(super) fn add_email(&mut self, email: EmailRecord) {
        if self.emails.len() >= EMAIL_CAPACITY {
            self.emails.pop_front();
        }
        self.emails.push_back(email);
    }
}

fn fact_kind(event_type: &str) -> Option<FactKind> {
    Some(match event_type {
        "email_sent" => FactKind::Sent,
        "email_opened" => FactKind::Opened,
        "link_clicked" => FactKind::Clicked,
        "reply_received" => FactKind::Replied,
        "auto_reply_received" => FactKind::AutoReplied,
        "email_bounced" => FactKind::Bounced,
        "lead_unsubscribed" => FactKind::Unsubscribed,
        "lead_interested" | "lead_meeting_booked" | "lead_meeting_completed" | "lead_closed" => FactKind::Opportunity,
        _ => return None,
    })
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
pub(super) const CUSTOM_LABEL: i16 = 4711;
