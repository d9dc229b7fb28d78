//! Campaigns and the mailboxes they are sent from. The sender's company is the same in every world; ids differ.

use uuid::Uuid;

use crate::channel::instantly::simulator::calendar::DAY_MS;
use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::text::Language;

/// The company whose outreach is simulated.
pub(in crate::channel::instantly::simulator) const SENDER_COMPANY: &str = "Alpenblick Software AG";

/// A sending mailbox and the person behind it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its address.
    pub address: String,
    /// First name of the person.
    pub first_name: &'static str,
    /// Last name of the person.
    pub last_name: &'static str,
    /// Whether the person is a woman.
    pub is_woman: bool,
    /// When it was added to the workspace.
    pub created_ms: i64,
}

/// An outreach sequence.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The service's id of it.
    pub id: Uuid,
    /// Its name.
    pub name: &'static str,
    /// The language it is written in.
    pub language: Language,
    /// What is offered, as a bare noun phrase that fits after a feminine article where the language has one.
    pub topic: &'static str,
    /// The product's name.
    pub product: &'static str,
    /// Number of steps, 3 or 4.
    pub steps: u8,
    /// Mailboxes it is sent from, as indexes into the world's.
    pub mailboxes: Vec<usize>,
    /// When it was made.
    pub created_ms: i64,
}

const SENDERS: [(&str, &str, bool); 5] = [
    ("Lea", "Brunner", true),
    ("Jonas", "Keller", false),
    ("Sophie", "Rochat", true),
    ("Marco", "Bernasconi", false),
    ("Emily", "Carter", true),
];

/// Sender and domain of each mailbox.
const ADDRESSES: [(usize, &str); 8] = [
    (0, "alpenblick-software.example"),
    (1, "alpenblick-software.example"),
    (2, "alpenblick-software.example"),
    (3, "alpenblick-software.example"),
    (4, "alpenblick-software.example"),
    (0, "alpenblick-team.example"),
    (1, "get-alpenblick.example"),
    (2, "alpenblick-team.example"),
];

/// Name, language, topic, product, steps, senders.
type Outline = (&'static str, Language, &'static str, &'static str, u8, &'static [usize]);

const OUTLINES: [Outline; 6] = [
    (
        "Maschinenbau DACH – Angebotskalkulation Q4",
        Language::German,
        "Angebotskalkulation",
        "Alpenblick Offerte",
        4,
        &[0, 1],
    ),
    ("Romandie – PME industrielles", Language::French, "préparation des offres", "Alpenblick Offres", 3, &[2]),
    ("Treuhand Schweiz – Belegerfassung", Language::German, "Belegerfassung", "Alpenblick Beleg", 3, &[0]),
    (
        "Ticino e Lombardia – Preventivi",
        Language::Italian,
        "preparazione dei preventivi",
        "Alpenblick Preventivi",
        3,
        &[3],
    ),
    ("UK & US – Quoting for job shops", Language::English, "quoting", "Alpenblick Quote", 4, &[4]),
    ("Logistik DE/AT/CH – Disposition", Language::German, "Tourenplanung", "Alpenblick Dispo", 4, &[1]),
];

/// The first `count` mailboxes.
pub(super) fn mailboxes(dice: &mut Dice, start_ms: i64, count: usize) -> Vec<Mailbox> {
    let mut mailboxes = Vec::new();
    for (sender, domain) in ADDRESSES.iter().take(count.max(1)) {
        let (first_name, last_name, is_woman) = SENDERS.get(*sender).copied().unwrap_or_default();
        let address = format!("{}.{}@{domain}", first_name.to_lowercase(), last_name.to_lowercase());
        let created_ms = start_ms.saturating_sub(dice.between(150, 300) * DAY_MS);
        mailboxes.push(Mailbox { address, first_name, last_name, is_woman, created_ms });
    }
    mailboxes
}

/// The first `count` campaigns.
pub(super) fn campaigns(dice: &mut Dice, start_ms: i64, count: usize, mailboxes: &[Mailbox]) -> Vec<Campaign> {
    let mut campaigns = Vec::new();
    for (name, language, topic, product, steps, senders) in OUTLINES.into_iter().take(count.max(1)) {
        let created_ms = start_ms.saturating_sub(dice.between(95, 140) * DAY_MS);
        let mut senders: Vec<usize> = (0..mailboxes.len())
            .filter(|index| ADDRESSES.get(*index).is_some_and(|(sender, _)| senders.contains(sender)))
            .collect();
        if senders.is_empty() {
            senders.push(0);
        }
        let id = dice.uuid_v7(created_ms);
        campaigns.push(Campaign { id, name, language, topic, product, steps, mailboxes: senders, created_ms });
    }
    campaigns
}
