//! [`World`]: the workspace that is simulated, made from a seed: senders, mailboxes, campaigns, firms and people.
//!
//! The same seed gives the same world, whatever its size: lead number 7 is the same person among ten leads and among a
//! million, because each lead is made from dice of its own. All domains end in `.example`, which can never be registered.

mod campaign;
mod lead;
mod names;
mod region;

use std::collections::BTreeSet;

use uuid::Uuid;

pub(super) use campaign::SENDER_COMPANY;
pub use campaign::{Campaign, Mailbox};
pub(super) use lead::ascii;
pub use lead::{Company, Lead};
pub use region::Region;

use super::calendar::{DAY_MS, Zones};
use super::dice::{Dice, Purpose};
use super::text::Language;

/// How large the world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldSize {
    /// People in the campaigns.
    pub leads: usize,
    /// Sending mailboxes, 1 to 8.
    pub mailboxes: usize,
    /// Campaigns, 1 to 6.
    pub campaigns: usize,
}

impl Default for WorldSize {
    fn default() -> Self {
        Self { leads: 400, mailboxes: 8, campaigns: 6 }
    }
}

/// A simulated workspace.
#[derive(Debug)]
pub struct World {
    /// The seed it was made from.
    pub seed: u64,
    /// When the simulation starts, UTC milliseconds; history lies before it.
    pub start_ms: i64,
    /// The workspace's id.
    pub workspace_id: Uuid,
    /// The workspace's name.
    pub workspace_name: String,
    /// The id of the user who owns it.
    pub owner_id: Uuid,
    /// Sending mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// Campaigns; each mailbox index in them is an index into `mailboxes`.
    pub campaigns: Vec<Campaign>,
    /// People.
    pub leads: Vec<Lead>,
    pub(super) zones: Zones,
}

impl World {
    /// Makes the world of a seed.
    pub fn new(seed: u64, start_ms: i64, size: WorldSize) -> Self {
        let mut dice = Dice::new(seed, Purpose::Workspace, 0);
        let workspace_id = dice.uuid_v7(start_ms.saturating_sub(400 * DAY_MS));
        let owner_id = dice.uuid_v7(start_ms.saturating_sub(400 * DAY_MS));
        let mailboxes = campaign::mailboxes(&mut dice, start_ms, size.mailboxes);
        let campaigns = campaign::campaigns(&mut dice, start_ms, size.campaigns, &mailboxes);
        let mut world = Self {
            seed,
            start_ms,
            workspace_id,
            workspace_name: SENDER_COMPANY.to_owned(),
            owner_id,
            mailboxes,
            campaigns,
            leads: Vec::new(),
            zones: Zones::new(),
        };
        world.leads = world.make_leads(size.leads);
        world
    }

    /// The lead with a number, as many as wanted, each with an address of its own; not among `leads`.
    pub(super) fn stranger(&self, number: u64) -> Lead {
        Lead::new(self, Purpose::Load, number)
    }

    /// The campaign with a number, counted round.
    pub(super) fn campaign(&self, number: usize) -> Option<&Campaign> {
        self.campaigns.get(number.checked_rem(self.campaigns.len()).unwrap_or(0))
    }

    /// The campaigns in a language, and all of them if there is none.
    pub(super) fn campaigns_in(&self, language: Language) -> Vec<usize> {
        let all = || self.campaigns.iter().enumerate();
        let fitting: Vec<usize> =
            all().filter(|(_, campaign)| campaign.language == language).map(|(index, _)| index).collect();
        if fitting.is_empty() { all().map(|(index, _)| index).collect() } else { fitting }
    }

    fn make_leads(&self, count: usize) -> Vec<Lead> {
        let mut taken = BTreeSet::new();
        let mut leads = Vec::with_capacity(count);
        for number in 0..count {
            let number = number as u64;
            let mut lead = Lead::new(self, Purpose::Lead, number);
            if !taken.insert(lead.email.clone()) {
                lead.move_to_own_domain(number);
                taken.insert(lead.email.clone());
            }
            leads.push(lead);
        }
        leads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: i64 = 1_795_000_000_000;

    #[test]
    fn a_seed_gives_one_world() {
        let one = format!("{:?}", World::new(7, START_MS, WorldSize::default()));
        let same = format!("{:?}", World::new(7, START_MS, WorldSize::default()));
        let other = format!("{:?}", World::new(8, START_MS, WorldSize::default()));
        assert_eq!(one, same);
        assert_ne!(one, other);
    }

    #[test]
    fn addresses_are_distinct_and_reserved() {
        let world = World::new(1, START_MS, WorldSize { leads: 5000, ..WorldSize::default() });
        let addresses: BTreeSet<&str> = world.leads.iter().map(|lead| lead.email.as_str()).collect();
        assert_eq!(addresses.len(), 5000);
        for address in addresses {
            assert!(address.ends_with(".example"), "{address}");
            assert!(address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-@".contains(&byte)), "{address}");
        }
    }

    #[test]
    fn a_lead_stays_the_same_when_the_world_grows() {
        let small = World::new(3, START_MS, WorldSize { leads: 10, ..WorldSize::default() });
        let large = World::new(3, START_MS, WorldSize { leads: 500, ..WorldSize::default() });
        assert_eq!(format!("{:?}", small.leads[7]), format!("{:?}", large.leads[7]));
    }

    #[test]
    fn variables_are_in_the_order_of_the_service() {
        let world = World::new(1, START_MS, WorldSize::default());
        for lead in &world.leads {
            let keys: Vec<(usize, &str)> = lead.variables.iter().map(|(name, _)| (name.len(), name.as_str())).collect();
            assert!(keys.is_sorted(), "{keys:?}");
        }
    }
}
