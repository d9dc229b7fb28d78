//! Regions of the simulated world: language, names of places, legal forms, phone numbers and the small print of
//! signatures. Phone numbers come from the ranges that regulators reserve for fiction where there are any.

use crate::channel::instantly::simulator::dice::Dice;
use crate::channel::instantly::simulator::text::Language;

/// Where a company sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// German-speaking Switzerland.
    SwissGerman,
    /// French-speaking Switzerland.
    Romandie,
    /// Italian-speaking Switzerland.
    Ticino,
    /// Germany.
    Germany,
    /// Austria.
    Austria,
    /// France.
    France,
    /// Italy.
    Italy,
    /// United Kingdom.
    UnitedKingdom,
    /// United States.
    UnitedStates,
}

impl Region {
    /// The language people write in.
    pub const fn language(self) -> Language {
        match self {
            Self::SwissGerman | Self::Germany | Self::Austria => Language::German,
            Self::Romandie | Self::France => Language::French,
            Self::Ticino | Self::Italy => Language::Italian,
            Self::UnitedKingdom | Self::UnitedStates => Language::English,
        }
    }

    /// ISO code of the country.
    pub const fn country(self) -> &'static str {
        match self {
            Self::SwissGerman | Self::Romandie | Self::Ticino => "CH",
            Self::Germany => "DE",
            Self::Austria => "AT",
            Self::France => "FR",
            Self::Italy => "IT",
            Self::UnitedKingdom => "GB",
            Self::UnitedStates => "US",
        }
    }

    /// Regions whose people are written to in a language, each with its weight.
    pub(in crate::channel::instantly::simulator) const fn of(language: Language) -> &'static [(Self, f64)] {
        match language {
            Language::German => &[(Self::SwissGerman, 6.0), (Self::Germany, 4.0), (Self::Austria, 1.5)],
            Language::French => &[(Self::Romandie, 6.0), (Self::France, 3.0)],
            Language::Italian => &[(Self::Ticino, 5.0), (Self::Italy, 4.0)],
            Language::English => &[(Self::UnitedKingdom, 5.0), (Self::UnitedStates, 3.0)],
        }
    }

    /// Towns with their postcodes.
    pub(super) const fn towns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::SwissGerman => TOWNS_SWISS_GERMAN,
            Self::Romandie => TOWNS_ROMANDIE,
            Self::Ticino => TOWNS_TICINO,
            Self::Germany => TOWNS_GERMANY,
            Self::Austria => TOWNS_AUSTRIA,
            Self::France => TOWNS_FRANCE,
            Self::Italy => TOWNS_ITALY,
            Self::UnitedKingdom => TOWNS_UNITED_KINGDOM,
            Self::UnitedStates => TOWNS_UNITED_STATES,
        }
    }

    /// Legal forms.
    pub(super) const fn legal_forms(self) -> &'static [&'static str] {
        match self {
            Self::SwissGerman => LEGAL_FORMS_SWISS_GERMAN,
            Self::Romandie => LEGAL_FORMS_ROMANDIE,
            Self::Ticino => LEGAL_FORMS_TICINO,
            Self::Germany => LEGAL_FORMS_GERMANY,
            Self::Austria => LEGAL_FORMS_AUSTRIA,
            Self::France => LEGAL_FORMS_FRANCE,
            Self::Italy => LEGAL_FORMS_ITALY,
            Self::UnitedKingdom => LEGAL_FORMS_UNITED_KINGDOM,
            Self::UnitedStates => LEGAL_FORMS_UNITED_STATES,
        }
    }

    /// Names of streets.
    pub(super) const fn streets(self) -> &'static [&'static str] {
        match self {
            Self::SwissGerman => STREETS_SWISS_GERMAN,
            Self::Romandie | Self::France => STREETS_ROMANDIE,
            Self::Ticino | Self::Italy => STREETS_TICINO,
            Self::Germany => STREETS_GERMANY,
            Self::Austria => STREETS_AUSTRIA,
            Self::UnitedKingdom => STREETS_UNITED_KINGDOM,
            Self::UnitedStates => STREETS_UNITED_STATES,
        }
    }

    /// A land line number.
    pub(super) fn phone(self, dice: &mut Dice) -> String {
        let (a, b) = (dice.between(10, 99), dice.between(10, 99));
        match self {
            Self::SwissGerman => format!("+41 {} 555 {a} {b}", dice.pick(&["44", "52", "71", "41", "31", "61", "62"])),
            Self::Romandie => format!("+41 {} 555 {a} {b}", dice.pick(&["21", "22", "32", "26", "27"])),
            Self::Ticino => format!("+41 91 555 {a} {b}"),
            Self::Germany => match dice.below(4) {
                0 => format!("+49 30 23125-{a}{}", b % 10),
                1 => format!("+49 89 99998-{a}{}", b % 10),
                2 => format!("+49 221 4710-{a}{}", b % 10),
                _ => format!("+49 69 90009-{a}{}", b % 10),
            },
            Self::Austria => format!("+43 {} 5550 {a}{b}", dice.pick(&["1", "732", "316", "512"])),
            Self::France => {
                format!("+33 {} {a} {b}", dice.pick(&["1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49"]))
            }
            Self::Italy => format!("+39 {} 555 {a}{b}", dice.pick(&["02", "035", "030", "031", "011"])),
            Self::UnitedKingdom => format!("+44 1632 960{a}{}", b % 10),
            Self::UnitedStates => format!("+1 ({}) 555-01{a}", dice.pick(&["216", "815", "616", "414", "412"])),
        }
    }

    /// A mobile number.
    pub(super) fn mobile(self, dice: &mut Dice) -> String {
        let (a, b) = (dice.between(10, 99), dice.between(10, 99));
        match self {
            Self::SwissGerman | Self::Romandie | Self::Ticino => {
                format!("+41 {} 555 {a} {b}", dice.pick(&["76", "78", "79"]))
            }
            Self::Germany => format!("+49 171 39200{a}"),
            Self::Austria => format!("+43 664 555 {a}{b}"),
            Self::France => format!("+33 6 39 98 {a} {b}"),
            Self::Italy => format!("+39 333 555 {a}{b}"),
            Self::UnitedKingdom => format!("+44 7700 900{a}{}", b % 10),
            Self::UnitedStates => format!("+1 ({}) 555-01{b}", dice.pick(&["216", "815", "616"])),
        }
    }

    /// The line the law (or habit) puts under a business letter; may be empty.
    pub(super) fn legal_line(self, dice: &mut Dice, town: &str, boss: &str) -> String {
        let (a, b, c) = (dice.between(100, 499), dice.between(100, 999), dice.between(100, 999));
        match self {
            Self::SwissGerman => format!("CHE-{a}.{b}.{c} MWST"),
            Self::Romandie => format!("CHE-{a}.{b}.{c} TVA"),
            Self::Ticino => format!("CHE-{a}.{b}.{c} IVA"),
            Self::Germany => format!(
                "Sitz der Gesellschaft: {town} | Amtsgericht {town} HRB {b}{c} | Geschäftsführer: {boss} | USt-IdNr. DE{a}{b}{c}"
            ),
            Self::Austria => format!("Firmenbuchnummer FN {a}{b}k, Landesgericht {town}, UID: ATU{a}{b}{}", c % 100),
            Self::France => {
                format!("SAS au capital de {a} 000 € – RCS {town} {a} {b} {c} – TVA FR {} {a}{b}{c}", c % 90 + 10)
            }
            Self::Italy => format!("P. IVA e C.F. 0{a}{b}{c}0 – R.E.A. {b}{c}"),
            Self::UnitedKingdom => {
                format!("Registered in England and Wales No. 0{a}{b}{}. Registered office: {town}", c % 10)
            }
            Self::UnitedStates => String::new(),
        }
    }
}

const TOWNS_SWISS_GERMAN: &[(&str, &str)] = &[
    ("8005", "Zürich"),
    ("8400", "Winterthur"),
    ("9000", "St. Gallen"),
    ("6003", "Luzern"),
    ("3008", "Bern"),
    ("4051", "Basel"),
    ("5000", "Aarau"),
    ("2502", "Biel/Bienne"),
    ("8610", "Uster"),
    ("8880", "Walenstadt"),
    ("4600", "Olten"),
    ("6300", "Zug"),
];

const TOWNS_ROMANDIE: &[(&str, &str)] = &[
    ("1003", "Lausanne"),
    ("1204", "Genève"),
    ("2000", "Neuchâtel"),
    ("1700", "Fribourg"),
    ("1950", "Sion"),
    ("1400", "Yverdon-les-Bains"),
    ("2800", "Delémont"),
    ("1260", "Nyon"),
];

const TOWNS_TICINO: &[(&str, &str)] = &[
    ("6900", "Lugano"),
    ("6500", "Bellinzona"),
    ("6600", "Locarno"),
    ("6850", "Mendrisio"),
    ("6830", "Chiasso"),
    ("6928", "Manno"),
];

const TOWNS_GERMANY: &[(&str, &str)] = &[
    ("70173", "Stuttgart"),
    ("80331", "München"),
    ("50667", "Köln"),
    ("20095", "Hamburg"),
    ("33602", "Bielefeld"),
    ("90402", "Nürnberg"),
    ("76133", "Karlsruhe"),
    ("04109", "Leipzig"),
    ("59494", "Soest"),
    ("73430", "Aalen"),
    ("48143", "Münster"),
    ("97070", "Würzburg"),
];

const TOWNS_AUSTRIA: &[(&str, &str)] = &[
    ("1030", "Wien"),
    ("4020", "Linz"),
    ("8010", "Graz"),
    ("6020", "Innsbruck"),
    ("6900", "Bregenz"),
    ("4600", "Wels"),
    ("3100", "St. Pölten"),
];

const TOWNS_FRANCE: &[(&str, &str)] = &[
    ("69003", "Lyon"),
    ("38000", "Grenoble"),
    ("67000", "Strasbourg"),
    ("31000", "Toulouse"),
    ("44000", "Nantes"),
    ("74000", "Annecy"),
    ("25000", "Besançon"),
    ("59000", "Lille"),
];

const TOWNS_ITALY: &[(&str, &str)] = &[
    ("20121", "Milano"),
    ("24121", "Bergamo"),
    ("25121", "Brescia"),
    ("22100", "Como"),
    ("21100", "Varese"),
    ("10121", "Torino"),
    ("36100", "Vicenza"),
    ("40121", "Bologna"),
];

const TOWNS_UNITED_KINGDOM: &[(&str, &str)] = &[
    ("S1 2HH", "Sheffield"),
    ("B3 3AX", "Birmingham"),
    ("LS1 4DY", "Leeds"),
    ("BS1 5TR", "Bristol"),
    ("CV1 2NE", "Coventry"),
    ("EH3 8BL", "Edinburgh"),
    ("M2 5DB", "Manchester"),
];

const TOWNS_UNITED_STATES: &[(&str, &str)] = &[
    ("OH 44114", "Cleveland"),
    ("IL 61101", "Rockford"),
    ("MI 49503", "Grand Rapids"),
    ("WI 53202", "Milwaukee"),
    ("PA 15222", "Pittsburgh"),
    ("CT 06103", "Hartford"),
];

const LEGAL_FORMS_SWISS_GERMAN: &[&str] = &["AG", "AG", "AG", "GmbH", "& Co. AG", "Holding AG"];

const LEGAL_FORMS_ROMANDIE: &[&str] = &["SA", "SA", "Sàrl", "& Fils SA"];

const LEGAL_FORMS_TICINO: &[&str] = &["SA", "SA", "Sagl", "& Figli SA"];

const LEGAL_FORMS_GERMANY: &[&str] = &["GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG"];

const LEGAL_FORMS_AUSTRIA: &[&str] = &["GmbH", "GmbH", "GmbH & Co KG", "Ges.m.b.H."];

const LEGAL_FORMS_FRANCE: &[&str] = &["SAS", "SARL", "SA", "& Cie"];

const LEGAL_FORMS_ITALY: &[&str] = &["S.r.l.", "S.p.A.", "S.n.c.", "& C. S.r.l."];

const LEGAL_FORMS_UNITED_KINGDOM: &[&str] = &["Ltd", "Ltd", "Limited", "& Sons Ltd"];

const LEGAL_FORMS_UNITED_STATES: &[&str] = &["Inc.", "LLC", "Corp.", "Manufacturing Co."];

const STREETS_SWISS_GERMAN: &[&str] =
    &["Industriestrasse", "Bahnhofstrasse", "Werkstrasse", "Gewerbestrasse", "Dorfstrasse"];

const STREETS_ROMANDIE: &[&str] = &["Rue de l'Industrie", "Avenue de la Gare", "Route de Berne", "Chemin du Moulin"];

const STREETS_TICINO: &[&str] = &["Via Industria", "Via Cantonale", "Via San Gottardo", "Via Roma", "Via Volta"];

const STREETS_GERMANY: &[&str] =
    &["Industriestraße", "Robert-Bosch-Straße", "Am Gewerbepark", "Carl-Benz-Straße", "Hauptstraße"];

const STREETS_AUSTRIA: &[&str] = &["Industriezeile", "Wiener Straße", "Gewerbepark", "Bahnhofstraße"];

const STREETS_UNITED_KINGDOM: &[&str] = &["Forge Lane", "Station Road", "Mill Street", "Trinity Park"];

const STREETS_UNITED_STATES: &[&str] = &["Industrial Parkway", "Commerce Drive", "Lakeside Avenue", "Foundry Street"];
