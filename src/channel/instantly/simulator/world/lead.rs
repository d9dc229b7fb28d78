//! A lead: a person at a firm, with the variables a list vendor's export would have.

use jiff::tz::TimeZone;
use serde_json::Value;
use uuid::Uuid;

use super::{Region, World, names};
use crate::channel::instantly::simulator::calendar::DAY_MS;
use crate::channel::instantly::simulator::dice::{Dice, Purpose};
use crate::channel::instantly::simulator::text::Language;

/// A firm.
#[derive(Clone, Debug)]
pub struct Company {
    /// Its name with the legal form.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Its trade.
    pub industry: &'static str,
    /// Street and number.
    pub street: String,
    /// Postcode.
    pub postcode: &'static str,
    /// Town.
    pub town: &'static str,
    /// People employed.
    pub employees: i64,
    /// The small print of its letters; may be empty.
    pub legal_line: String,
}

/// A person who is written to.
#[derive(Clone, Debug)]
pub struct Lead {
    /// The service's id of the lead.
    pub id: Uuid,
    /// Its number in the world.
    pub number: u64,
    /// Where the firm is.
    pub region: Region,
    /// First name.
    pub first_name: &'static str,
    /// Last name.
    pub last_name: &'static str,
    /// Whether the person is a woman.
    pub is_woman: bool,
    /// Job title.
    pub title: &'static str,
    /// E-mail address.
    pub email: String,
    /// Land line.
    pub phone: String,
    /// Mobile number.
    pub mobile: String,
    /// The firm.
    pub company: Company,
    /// A colleague: first name, last name, whether it is a woman.
    pub colleague: (&'static str, &'static str, bool),
    /// The campaign the lead is in first, an index into the world's.
    pub campaign: usize,
    /// Lead variables in the order the service writes them. The value of `campaign` is filled in per event.
    pub variables: Vec<(String, Value)>,
}

impl Lead {
    /// Makes the lead with a number.
    pub(super) fn new(world: &World, purpose: Purpose, number: u64) -> Self {
        let mut dice = Dice::new(world.seed, purpose, number.wrapping_mul(2));
        let campaign = campaign_of(world, &mut dice);
        let language = world.campaign(campaign).map_or(Language::German, |campaign| campaign.language);
        let region = pick_region(language, &mut dice);
        let company = Company::new(region, &mut dice);
        let (first_name, last_name, is_woman) = person(region, &mut dice);
        let (man_title, woman_title) = dice.pick(names::titles(language));
        let mut lead = Self {
            id: dice.uuid_v7(world.start_ms.saturating_sub(dice.clone().between(91, 120) * DAY_MS)),
            number,
            region,
            first_name,
            last_name,
            is_woman,
            title: if is_woman { woman_title } else { man_title },
            email: String::new(),
            phone: region.phone(&mut dice),
            mobile: region.mobile(&mut dice),
            colleague: person(region, &mut dice),
            company,
            campaign,
            variables: Vec::new(),
        };
        if purpose == Purpose::Load {
            lead.company.domain = own_domain(&lead.company.domain, number);
        }
        lead.address(&mut dice);
        lead
    }

    /// Language the person writes in.
    pub const fn language(&self) -> Language {
        self.region.language()
    }

    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The zone the person lives in.
    pub(in crate::channel::instantly::simulator) const fn zone<'world>(
        &self,
        world: &'world World,
    ) -> &'world TimeZone {
        match self.region {
            Region::UnitedKingdom => &world.zones.london,
            Region::UnitedStates => &world.zones.new_york,
            _ => &world.zones.central_europe,
        }
    }

    /// Gives the lead's firm a domain nobody else has.
    pub(super) fn move_to_own_domain(&mut self, number: u64) {
        let old = std::mem::take(&mut self.company.domain);
        self.company.domain = own_domain(&old, number);
        for (_, value) in &mut self.variables {
            if let Value::String(text) = value {
                *text = text.replace(&old, &self.company.domain);
            }
        }
        self.email = self.email.replace(&old, &self.company.domain);
    }

    fn address(&mut self, dice: &mut Dice) {
        let (first, last) = (ascii(self.first_name), ascii(self.last_name));
        let initial: String = first.chars().take(1).collect();
        let local = match dice.below(10) {
            0..6 => format!("{first}.{last}"),
            6..8 => format!("{initial}.{last}"),
            8 => last,
            _ => format!("{initial}{last}"),
        };
        self.email = format!("{local}@{}", self.company.domain);
        self.variables = self.make_variables(dice);
    }

    fn make_variables(&self, dice: &mut Dice) -> Vec<(String, Value)> {
        let language = self.language();
        let opener = dice.pick(names::icebreakers(language)).replace("{city}", self.company.town);
        let website = format!("https://www.{}", self.company.domain);
        let mut variables: Vec<(&str, Value)> = vec![
            ("email", self.email.clone().into()),
            ("phone", if dice.chance(0.7) { self.phone.clone().into() } else { "".into() }),
            ("website", website.into()),
            ("campaign", Value::Null),
            ("jobTitle", self.title.into()),
            ("lastName", self.last_name.into()),
            ("firstName", self.first_name.into()),
            ("companyName", self.company.name.clone().into()),
            ("personalization", opener.into()),
        ];
        self.add_custom_variables(&mut variables, dice);
        if dice.chance(0.004) {
            // Happens in captured bodies: a column of the imported list has the name of a base field.
            variables.push(("campaign_id", dice.uuid_v7(0).to_string().into()));
        }
        variables.sort_by(|left, right| (left.0.len(), left.0).cmp(&(right.0.len(), right.0)));
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn add_custom_variables(&self, variables: &mut Vec<(&'static str, Value)>, dice: &mut Dice) {
        let profile = format!("https://linkedin.example/in/{}-{}", ascii(self.first_name), ascii(self.last_name));
        let staff = self.company.employees;
        let (town, industry) = (self.company.town, self.company.industry);
        match self.language() {
            Language::German => {
                let salutation = if self.is_woman { "Frau" } else { "Herr" };
                variables.push(("Anrede", salutation.into()));
                variables.push(("Branche", industry.into()));
                variables.push(("Mitarbeiter", staff.into()));
                variables.push(("PLZ / Ort", format!("{} {town}", self.company.postcode).into()));
            }
            Language::French => {
                variables.push(("Secteur", industry.into()));
                variables.push(("effectif", staff.to_string().into()));
                variables.push(("Localité", town.into()));
            }
            Language::Italian => {
                variables.push(("Settore", industry.into()));
                variables.push(("Dipendenti", staff.into()));
                variables.push(("Città", town.into()));
            }
            Language::English => {
                variables.push(("Industry", industry.into()));
                variables.push(("# Employees", staff.into()));
                variables.push(("City", town.into()));
            }
        }
        if dice.chance(0.6) {
            variables.push(("linkedin url", profile.into()));
        }
        if dice.chance(0.15) {
            variables.push(("Email Verified", Value::Bool(true)));
        }
        if dice.chance(0.1) {
            variables.push(("Notes", Value::Null));
        }
    }
}

impl Company {
    fn new(region: Region, dice: &mut Dice) -> Self {
        let founder = dice.pick(names::last_names(region));
        let (trade, slug, industry) = dice.pick(names::trades(region.language()));
        let (postcode, town) = dice.pick(region.towns());
        let form = dice.pick(region.legal_forms());
        let (name, domain) = match dice.below(8) {
            0 => (format!("{trade} {town} {form}"), format!("{slug}-{}", ascii(town))),
            1 => {
                let partner = dice.pick(names::last_names(region));
                (format!("{founder} + {partner} {form}"), format!("{}-{}", ascii(founder), ascii(partner)))
            }
            2 => (format!("{founder} {form}"), format!("{}-{}", ascii(founder), ascii(town))),
            _ if region.language() == Language::German || region.language() == Language::English => {
                (format!("{founder} {trade} {form}"), format!("{}-{slug}", ascii(founder)))
            }
            _ => (format!("{trade} {founder} {form}"), format!("{slug}-{}", ascii(founder))),
        };
        let boss = person(region, dice);
        let number = dice.between(1, 120);
        let street = dice.pick(region.streets());
        let street = match region.country() {
            "GB" | "US" | "FR" => format!("{number} {street}"),
            _ => format!("{street} {number}"),
        };
        Self {
            name,
            domain: format!("{domain}.example"),
            industry,
            street,
            postcode,
            town,
            employees: dice.between(8, 60).saturating_mul(dice.pick(&[1, 1, 2, 3, 7])),
            legal_line: region.legal_line(dice, town, &format!("{} {}", boss.0, boss.1)),
        }
    }
}

fn campaign_of(world: &World, dice: &mut Dice) -> usize {
    dice.weighted(&[5.0, 3.5, 3.0, 2.5, 3.0, 3.0]).checked_rem(world.campaigns.len()).unwrap_or(0)
}

fn pick_region(language: Language, dice: &mut Dice) -> Region {
    let regions = Region::of(language);
    let weights: Vec<f64> = regions.iter().map(|(_, weight)| *weight).collect();
    regions.get(dice.weighted(&weights)).map_or(Region::SwissGerman, |(region, _)| *region)
}

fn person(region: Region, dice: &mut Dice) -> (&'static str, &'static str, bool) {
    let is_woman = dice.chance(0.38);
    let first = dice.pick(if is_woman { names::women(region) } else { names::men(region) });
    (first, dice.pick(names::last_names(region)), is_woman)
}

fn own_domain(domain: &str, number: u64) -> String {
    let name = domain.strip_suffix(".example").unwrap_or(domain);
    format!("{name}-{number:x}.example")
}

/// A name as it is written in addresses: lower case, umlauts resolved, accents dropped, the rest hyphens.
pub(in crate::channel::instantly::simulator) fn ascii(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => plain.push(letter),
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'à' | 'â' => plain.push('a'),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'ï' | 'î' | 'ì' | 'ı' => plain.push('i'),
            'ô' | 'ò' => plain.push('o'),
            'ù' | 'û' => plain.push('u'),
            'ç' => plain.push('c'),
            '\'' | '.' | '\u{307}' => {}
            _ if plain.ends_with('-') || plain.is_empty() => {}
            _ => plain.push('-'),
        }
    }
    plain.trim_end_matches('-').to_owned()
}
