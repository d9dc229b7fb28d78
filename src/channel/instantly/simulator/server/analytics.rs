//! Analytics, counted from the same events the webhooks tell.
//!
//! Habits of the service are kept: bare arrays, but one object for the overview; steps and variants as text counted from 0;
//! opens per lead in the campaigns' sums and every open in the overview.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Query as QueryParameters, State};
use serde_json::{Map, Value, json};

use super::Workspace;
use super::answer::Problem;
use super::page::{Query, parameter};
use super::routes::Answer;
use crate::channel::instantly::simulator::activity::{Fact, FactKind};
use crate::channel::instantly::simulator::calendar::iso;

/// What was asked for: a period, and campaigns, or all if none is named.
struct Scope<'query> {
    from: Option<&'query str>,
    to: Option<&'query str>,
    campaigns: Vec<&'query str>,
}

impl<'query> Scope<'query> {
    fn read(query: &'query Query) -> Result<Self, Problem> {
        let (from, to) = (parameter(query, "start_date"), parameter(query, "end_date"));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Problem::Message("Start Date must be earlier than End Date"));
        }
        let named = query.iter().filter(|(name, _)| matches!(name.as_str(), "id" | "ids" | "campaign_id"));
        Ok(Self { from, to, campaigns: named.map(|(_, id)| id.as_str()).collect() })
    }

    fn holds(&self, fact: &Fact) -> bool {
        let day = iso(fact.at_ms);
        let id = fact.campaign.to_string();
        self.from.is_none_or(|from| day.as_str() >= from)
            && self.to.is_none_or(|to| day.get(..to.len()).is_some_and(|day| day <= to))
            && (self.campaigns.is_empty() || self.campaigns.contains(&id.as_str()))
    }
}

/// Sums over some facts.
#[derive(Default)]
struct Sums {
    all: BTreeMap<u8, usize>,
    /// Leads per kind.
    leads: BTreeMap<u8, BTreeSet<usize>>,
    /// Leads whose first mail is among them.
    started: BTreeSet<usize>,
}

impl Sums {
    fn add(&mut self, fact: &Fact) {
        *self.all.entry(fact.kind as u8).or_default() += 1;
        self.leads.entry(fact.kind as u8).or_default().insert(fact.lead);
        if fact.kind == FactKind::Sent && fact.step == 1 {
            self.started.insert(fact.lead);
        }
    }

    fn all(&self, kind: FactKind) -> usize {
        self.all.get(&(kind as u8)).copied().unwrap_or(0)
    }

    fn leads(&self, kind: FactKind) -> usize {
        self.leads.get(&(kind as u8)).map_or(0, BTreeSet::len)
    }

    /// What days, steps and mailboxes have in common.
    fn row(&self) -> Map<String, Value> {
        let fields = [
            ("sent", self.all(FactKind::Sent)),
            ("opened", self.all(FactKind::Opened)),
            ("unique_opened", self.leads(FactKind::Opened)),
            ("replies", self.all(FactKind::Replied)),
            ("unique_replies", self.leads(FactKind::Replied)),
            ("replies_automatic", self.all(FactKind::AutoReplied)),
            ("unique_replies_automatic", self.leads(FactKind::AutoReplied)),
            ("clicks", self.all(FactKind::Clicked)),
            ("unique_clicks", self.leads(FactKind::Clicked)),
        ];
        fields.into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect()
    }

    /// What campaigns and the overview have in common.
    fn totals(&self) -> Map<String, Value> {
        let fields = [
            ("open_count_unique", self.leads(FactKind::Opened)),
            ("link_click_count", self.all(FactKind::Clicked)),
            ("link_click_count_unique", self.leads(FactKind::Clicked)),
            ("reply_count", self.all(FactKind::Replied)),
            ("reply_count_unique", self.leads(FactKind::Replied)),
            ("reply_count_automatic", self.all(FactKind::AutoReplied)),
            ("reply_count_automatic_unique", self.leads(FactKind::AutoReplied)),
            ("bounced_count", self.all(FactKind::Bounced)),
            ("unsubscribed_count", self.all(FactKind::Unsubscribed)),
            ("completed_count", self.leads(FactKind::Replied)),
            ("emails_sent_count", self.all(FactKind::Sent)),
            ("contacted_count", self.leads(FactKind::Sent)),
            ("new_leads_contacted_count", self.started.len()),
            ("total_opportunities", self.leads(FactKind::Opportunity)),
            ("total_opportunity_value", self.leads(FactKind::Opportunity) * 2500),
        ];
        fields.into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect()
    }
}

/// Sums by whatever `key` makes of a fact.
fn sums_by<K: Ord>(workspace: &Workspace, scope: &Scope<'_>, key: impl Fn(&Fact) -> K) -> BTreeMap<K, Sums> {
    let mut sums: BTreeMap<K, Sums> = BTreeMap::new();
    for fact in workspace.0.activity.lock().facts.iter().filter(|fact| scope.holds(fact)) {
        sums.entry(key(fact)).or_default().add(fact);
    }
    sums
}

pub(super) async fn list_campaigns(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let scope = Scope::read(&query)?;
    let mut sums = sums_by(&workspace, &scope, |fact| fact.campaign);
    let world = &workspace.0.world;
    let store = workspace.0.store.lock();
    let mut rows = Vec::new();
    for (number, campaign) in world.campaigns.iter().enumerate() {
        let id = campaign.id.to_string();
        if !scope.campaigns.is_empty() && !scope.campaigns.contains(&id.as_str()) {
            continue;
        }
        let sums = sums.remove(&campaign.id).unwrap_or_default();
        let mut row = sums.totals();
        let leads = world.leads.iter().filter(|lead| lead.campaign % world.campaigns.len().max(1) == number).count();
        row.insert("campaign_name".to_owned(), campaign.name.into());
        row.insert("campaign_status".to_owned(), store.campaigns.get(&id).map_or(json!(1), |it| it["status"].clone()));
        row.insert("campaign_id".to_owned(), id.into());
        row.insert("campaign_is_evergreen".to_owned(), true.into());
        row.insert("leads_count".to_owned(), leads.into());
        row.insert("open_count".to_owned(), sums.leads(FactKind::Opened).into());
        rows.push(Value::Object(row));
    }
    Ok(Json(rows.into()))
}

pub(super) async fn find_overview(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let scope = Scope::read(&query)?;
    let sums = sums_by(&workspace, &scope, |_fact| ()).remove(&()).unwrap_or_default();
    let mut row = sums.totals();
    row.insert("open_count".to_owned(), sums.all(FactKind::Opened).into());
    Ok(Json(row.into()))
}

pub(super) async fn list_days(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let scope = Scope::read(&query)?;
    let sums = sums_by(&workspace, &scope, |fact| iso(fact.at_ms).chars().take(10).collect::<String>());
    let rows = sums.into_iter().map(|(day, sums)| {
        let mut row = sums.row();
        row.insert("date".to_owned(), day.into());
        row.insert("contacted".to_owned(), sums.leads(FactKind::Sent).into());
        row.insert("new_leads_contacted".to_owned(), sums.started.len().into());
        row.insert("opportunities".to_owned(), sums.all(FactKind::Opportunity).into());
        row.insert("unique_opportunities".to_owned(), sums.leads(FactKind::Opportunity).into());
        Value::Object(row)
    });
    Ok(Json(rows.collect::<Vec<_>>().into()))
}

pub(super) async fn list_steps(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let scope = Scope::read(&query)?;
    let mut sums = sums_by(&workspace, &scope, |fact| (fact.step, fact.variant));
    sums.retain(|_, sums| sums.all(FactKind::Sent) > 0);
    let rows = sums.into_iter().map(|((step, variant), sums)| {
        let mut row = sums.row();
        row.insert("step".to_owned(), step.saturating_sub(1).to_string().into());
        row.insert("variant".to_owned(), variant.saturating_sub(1).to_string().into());
        Value::Object(row)
    });
    Ok(Json(rows.collect::<Vec<_>>().into()))
}

/// Per mailbox and day, counted from the e-mails.
pub(super) async fn list_account_days(
    State(workspace): State<Workspace>,
    QueryParameters(query): QueryParameters<Query>,
) -> Answer {
    let scope = Scope::read(&query)?;
    let wanted: Vec<&str> =
        query.iter().filter(|(name, _)| name == "emails").map(|(_, email)| email.as_str()).collect();
    let mut rows: BTreeMap<(String, String), [usize; 3]> = BTreeMap::new();
    for email in &workspace.0.activity.lock().emails {
        let day: String = iso(email.at_ms).chars().take(10).collect();
        let is_inside =
            scope.from.is_none_or(|from| day.as_str() >= from) && scope.to.is_none_or(|to| day.as_str() <= to);
        if !is_inside || !(wanted.is_empty() || wanted.contains(&email.mailbox.as_str())) {
            continue;
        }
        let row = rows.entry((day, email.mailbox.clone())).or_default();
        let [sent, replies, automatic] = row;
        match (email.kind as u8, email.is_automatic) {
            (1, _) => *sent += 1,
            (2, false) => *replies += 1,
            (2, true) => *automatic += 1,
            _ => {}
        }
    }
    let rows = rows.into_iter().filter(|((_, mailbox), _)| !mailbox.is_empty()).map(|((day, mailbox), row)| {
        let [sent, replies, automatic] = row;
        json!({
            "date": day, "email_account": mailbox, "sent": sent, "bounced": 0, "contacted": sent,
            "new_leads_contacted": 0, "opened": 0, "unique_opened": 0, "replies": replies, "unique_replies": replies,
            "replies_automatic": automatic, "unique_replies_automatic": automatic, "clicks": 0, "unique_clicks": 0,
        })
    });
    Ok(Json(rows.collect::<Vec<_>>().into()))
}
