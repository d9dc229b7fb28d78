//! [`Store`]: what callers changed, over what the world and the events say. All in memory, behind one lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::objects;
use crate::channel::instantly::simulator::activity::CUSTOM_LABEL;
use crate::channel::instantly::simulator::calendar::iso;
use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::world::World;

/// The changes.
#[derive(Debug)]
pub(super) struct Store(Mutex<State>);

/// What is behind the lock.
#[derive(Debug)]
pub(super) struct State {
    dice: Dice,
    pub(super) is_paid: bool,
    keys: BTreeMap<String, (Vec<String>, Value)>,
    /// By id, in the order they were made.
    pub(super) campaigns: BTreeMap<String, Value>,
    /// By address.
    pub(super) accounts: BTreeMap<String, Value>,
    pub(super) lead_changes: BTreeMap<String, Map<String, Value>>,
    pub(super) deleted_leads: BTreeSet<String>,
    pub(super) added_leads: BTreeMap<String, Value>,
    pub(super) labels: Vec<Value>,
    pub(super) tags: Vec<Value>,
    pub(super) tag_mappings: Vec<Value>,
    pub(super) lists: Vec<Value>,
    pub(super) blocked: Vec<Value>,
    pub(super) jobs: Vec<Value>,
    /// Newest first.
    pub(super) audit: Vec<Value>,
}

impl Store {
    pub(super) fn new(world: &World, key: &str, mut dice: Dice) -> Self {
        let created = iso(world.start_ms.saturating_sub(90 * 86_400_000));
        let created_ms = world.start_ms.saturating_sub(90 * 86_400_000);
        let mut id = || dice.uuid_v7(created_ms).to_string();
        let labels = vec![json!({
            "id": id(), "timestamp_created": created, "created_by": world.owner_id,
            "organization_id": world.workspace_id, "label": "Rückruf im Frühling", "interest_status_label": "positive",
            "interest_status": CUSTOM_LABEL, "description": "Asks to be called later", "use_with_ai": true,
        })];
        let tag_id = id();
        let tags = vec![json!({
            "id": tag_id, "timestamp_created": created, "timestamp_updated": created,
            "organization_id": world.workspace_id, "label": "DACH", "description": null,
        })];
        let tagged = world.campaigns.iter().take(2).map(|campaign| (2, campaign.id.to_string()));
        let tagged = tagged.chain(world.mailboxes.iter().take(3).map(|mailbox| (1, mailbox.address.clone())));
        let tag_mappings = tagged
            .map(|(kind, resource)| {
                json!({
                    "id": id(), "tag_id": tag_id, "resource_id": resource, "resource_type": kind,
                    "timestamp_created": created, "organization_id": world.workspace_id,
                })
            })
            .collect();
        let lists = vec![json!({
            "id": id(), "organization_id": world.workspace_id, "has_enrichment_task": false,
            "owned_by": world.owner_id, "name": "Messe Basel", "timestamp_created": created,
        })];
        let mut state = State {
            dice,
            is_paid: true,
            keys: BTreeMap::new(),
            campaigns: world
                .campaigns
                .iter()
                .map(|campaign| (campaign.id.to_string(), objects::campaign(world, campaign)))
                .collect(),
            accounts: world
                .mailboxes
                .iter()
                .map(|mailbox| (mailbox.address.clone(), objects::account(world, mailbox)))
                .collect(),
            lead_changes: BTreeMap::new(),
            deleted_leads: BTreeSet::new(),
            added_leads: BTreeMap::new(),
            labels,
            tags,
            tag_mappings,
            lists,
            blocked: Vec::new(),
            jobs: Vec::new(),
            audit: Vec::new(),
        };
        for value in ["konkurrenz.example", "nicht@mehr.example"] {
            state.block(world, value, created_ms);
        }
        state.create_key(world, key, &["all:all"]);
        Self(Mutex::new(state))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A new id.
    pub(super) fn id(&mut self, now_ms: i64) -> Uuid {
        self.dice.uuid_v7(now_ms)
    }

    /// A new id of a background job: 24 hex digits.
    pub(super) fn job_id(&mut self) -> String {
        format!("{:016x}{:08x}", self.dice.bits(), self.dice.bits() >> 32)
    }

    pub(super) fn create_key(&mut self, world: &World, key: &str, scopes: &[&str]) {
        let created = iso(world.start_ms);
        let object = json!({
            "id": self.dice.uuid_v7(world.start_ms), "name": "Salesbrain", "scopes": scopes, "key": "********",
            "organization_id": world.workspace_id, "timestamp_created": created, "timestamp_updated": created,
        });
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.keys.insert(key.to_owned(), (scopes, object));
    }

    pub(super) fn revoke_key(&mut self, key: &str) {
        self.keys.remove(key);
    }

    pub(super) fn scopes_of(&self, key: &str) -> Option<&[String]> {
        self.keys.get(key).map(|(scopes, _)| scopes.as_slice())
    }

    pub(super) fn keys(&self) -> Vec<Value> {
        self.keys.values().map(|(_, object)| object.clone()).collect()
    }

    pub(super) fn block(&mut self, world: &World, value: &str, now_ms: i64) -> Value {
        let entry = json!({
            "id": self.dice.uuid_v7(now_ms), "timestamp_created": iso(now_ms), "organization_id": world.workspace_id,
            "bl_value": value, "is_domain": !value.contains('@'),
        });
        self.blocked.push(entry.clone());
        entry
    }

    /// A background job that is done at once.
    pub(super) fn create_job(&mut self, world: &World, kind: &str, now_ms: i64) -> Value {
        let job = json!({
            "id": self.job_id(), "workspace_id": world.workspace_id, "user_id": world.owner_id, "type": kind,
            "entity_id": null, "entity_type": "workspace", "data": {}, "progress": 100, "status": "success",
            "created_at": iso(now_ms), "updated_at": iso(now_ms),
        });
        self.jobs.push(job.clone());
        job
    }

    /// Writes a line of the audit log.
    pub(super) fn note(&mut self, world: &World, activity_type: u8, (name, id): (&str, &str), now_ms: i64) {
        let mut line = json!({
            "id": self.dice.uuid_v7(now_ms), "timestamp": iso(now_ms), "organization_id": world.workspace_id,
            "activity_type": activity_type, "user_id": world.owner_id, "ip_address": "192.0.2.1", "from_api": true,
        });
        if let Value::Object(fields) = &mut line {
            fields.insert(name.to_owned(), id.into());
        }
        self.audit.insert(0, line);
    }
}
