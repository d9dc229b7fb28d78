//! Names of people, firms and trades, per region: tables only.

use super::Region;
use crate::channel::instantly::simulator::text::Language;

/// First names of women.
pub(super) const fn women(region: Region) -> &'static [&'static str] {
    match region {
        Region::SwissGerman => WOMEN_SWISS_GERMAN,
        Region::Germany | Region::Austria => WOMEN_GERMANY,
        Region::Romandie | Region::France => WOMEN_ROMANDIE,
        Region::Ticino | Region::Italy => WOMEN_TICINO,
        Region::UnitedKingdom | Region::UnitedStates => WOMEN_UNITED_KINGDOM,
    }
}

/// First names of men.
pub(super) const fn men(region: Region) -> &'static [&'static str] {
    match region {
        Region::SwissGerman => MEN_SWISS_GERMAN,
        Region::Germany | Region::Austria => MEN_GERMANY,
        Region::Romandie | Region::France => MEN_ROMANDIE,
        Region::Ticino | Region::Italy => MEN_TICINO,
        Region::UnitedKingdom | Region::UnitedStates => MEN_UNITED_KINGDOM,
    }
}

/// Last names.
pub(super) const fn last_names(region: Region) -> &'static [&'static str] {
    match region {
        Region::SwissGerman => LAST_NAMES_SWISS_GERMAN,
        Region::Germany => LAST_NAMES_GERMANY,
        Region::Austria => LAST_NAMES_AUSTRIA,
        Region::Romandie => LAST_NAMES_ROMANDIE,
        Region::France => LAST_NAMES_FRANCE,
        Region::Ticino => LAST_NAMES_TICINO,
        Region::Italy => LAST_NAMES_ITALY,
        Region::UnitedKingdom => LAST_NAMES_UNITED_KINGDOM,
        Region::UnitedStates => LAST_NAMES_UNITED_STATES,
    }
}

/// Trades: the word in the firm's name, the word in its domain, the industry as a list vendor writes it.
pub(super) const fn trades(language: Language) -> &'static [(&'static str, &'static str, &'static str)] {
    match language {
        Language::German => &[
            ("Präzisionstechnik", "praezision", "Präzisionsmechanik"),
            ("Maschinenbau", "maschinenbau", "Maschinenbau"),
            ("Metallbau", "metallbau", "Metallverarbeitung"),
            ("Kunststofftechnik", "kunststoff", "Kunststoffverarbeitung"),
            ("Werkzeugbau", "werkzeugbau", "Werkzeug- und Formenbau"),
            ("Treuhand", "treuhand", "Treuhand & Wirtschaftsprüfung"),
            ("Transporte", "transporte", "Transport & Logistik"),
            ("Logistik", "logistik", "Transport & Logistik"),
            ("Elektrotechnik", "elektro", "Elektroinstallation"),
            ("Medizintechnik", "medtech", "Medizintechnik"),
            ("Holzbau", "holzbau", "Holzbau"),
            ("Oberflächentechnik", "oberflaechen", "Oberflächentechnik"),
            ("Anlagenbau", "anlagenbau", "Anlagenbau"),
            ("Gebäudetechnik", "gebaeudetechnik", "HLKS / Gebäudetechnik"),
        ],
        Language::French => &[
            ("Mécanique de précision", "mecanique", "Mécanique de précision"),
            ("Fiduciaire", "fiduciaire", "Fiduciaire & audit"),
            ("Décolletage", "decolletage", "Décolletage"),
            ("Transports", "transports", "Transport & logistique"),
            ("Horlogerie", "horlogerie", "Sous-traitance horlogère"),
            ("Ingénierie", "ingenierie", "Bureaux d'ingénieurs"),
            ("Plasturgie", "plasturgie", "Plasturgie"),
            ("Chaudronnerie", "chaudronnerie", "Métallurgie"),
        ],
        Language::Italian => &[
            ("Meccanica", "meccanica", "Meccanica di precisione"),
            ("Stampaggio", "stampaggio", "Stampaggio materie plastiche"),
            ("Officine", "officine", "Lavorazione metalli"),
            ("Spedizioni", "spedizioni", "Trasporti e logistica"),
            ("Impianti", "impianti", "Impiantistica"),
            ("Fiduciaria", "fiduciaria", "Servizi fiduciari"),
        ],
        Language::English => &[
            ("Precision Engineering", "precision", "Precision engineering"),
            ("Tooling", "tooling", "Tool & die"),
            ("Fabrication", "fabrication", "Metal fabrication"),
            ("Plastics", "plastics", "Injection moulding"),
            ("Logistics", "logistics", "Freight & logistics"),
            ("Controls", "controls", "Industrial automation"),
            ("Castings", "castings", "Foundry"),
        ],
    }
}

/// Job titles: for a man, for a woman.
pub(super) const fn titles(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::German => TITLES_GERMAN,
        Language::French => TITLES_FRENCH,
        Language::Italian => TITLES_ITALIAN,
        Language::English => TITLES_ENGLISH,
    }
}

/// First lines a list vendor's robot wrote about a lead.
pub(super) const fn icebreakers(language: Language) -> &'static [&'static str] {
    match language {
        Language::German => ICEBREAKERS_GERMAN,
        Language::French => ICEBREAKERS_FRENCH,
        Language::Italian => ICEBREAKERS_ITALIAN,
        Language::English => ICEBREAKERS_ENGLISH,
    }
}

const WOMEN_SWISS_GERMAN: &[&str] = &[
    "Lea",
    "Nadine",
    "Corinne",
    "Regula",
    "Ursula",
    "Franziska",
    "Barbara",
    "Sandra",
    "Monika",
    "Karin",
    "Andrea",
    "Simone",
    "Béatrice",
    "Flurina",
    "Daniela",
    "Vreni",
    "Jasmin",
    "Rahel",
];

const WOMEN_GERMANY: &[&str] = &[
    "Anja",
    "Katrin",
    "Sabine",
    "Petra",
    "Julia",
    "Stefanie",
    "Birgit",
    "Ulrike",
    "Jördis",
    "Susanne",
    "Heike",
    "Melanie",
    "Claudia",
    "Nicole",
    "Käthe",
    "Magdalena",
    "Theresa",
    "Antje",
];

const WOMEN_ROMANDIE: &[&str] = &[
    "Céline",
    "Hélène",
    "Aurélie",
    "Chloé",
    "Isabelle",
    "Valérie",
    "Sophie",
    "Élodie",
    "Nathalie",
    "Mélanie",
    "Françoise",
    "Anaïs",
    "Sandrine",
    "Léa",
    "Joëlle",
];

const WOMEN_TICINO: &[&str] = &[
    "Chiara",
    "Francesca",
    "Giulia",
    "Elena",
    "Paola",
    "Silvia",
    "Federica",
    "Laura",
    "Sara",
    "Valentina",
    "Daniela",
    "Alessia",
    "Roberta",
    "Noemi",
];

const WOMEN_UNITED_KINGDOM: &[&str] = &[
    "Emma",
    "Charlotte",
    "Rebecca",
    "Hannah",
    "Sarah",
    "Laura",
    "Megan",
    "Claire",
    "Jennifer",
    "Rachel",
    "Zoë",
    "Olivia",
    "Fiona",
    "Karen",
];

const MEN_SWISS_GERMAN: &[&str] = &[
    "Urs", "Beat", "Reto", "Jürg", "Daniel", "Thomas", "Marcel", "Roger", "Andreas", "Stefan", "Markus", "Adrian",
    "Lukas", "Pascal", "Köbi", "Rolf", "Hansueli", "Severin", "Matthias",
];

const MEN_GERMANY: &[&str] = &[
    "Jörg",
    "Björn",
    "Frank",
    "Jürgen",
    "Uwe",
    "Christian",
    "Sebastian",
    "Tobias",
    "Günter",
    "Rüdiger",
    "Michael",
    "Philipp",
    "Florian",
    "Johannes",
    "Wolfgang",
    "Dieter",
    "Holger",
    "Stefan",
];

const MEN_ROMANDIE: &[&str] = &[
    "Frédéric",
    "Jérôme",
    "Stéphane",
    "Olivier",
    "Benoît",
    "François",
    "Sébastien",
    "Grégoire",
    "Rémi",
    "Loïc",
    "Cédric",
    "Laurent",
    "Jean-Marc",
    "Étienne",
    "Pierre-Yves",
];

const MEN_TICINO: &[&str] = &[
    "Marco",
    "Luca",
    "Andrea",
    "Davide",
    "Stefano",
    "Fabio",
    "Giovanni",
    "Matteo",
    "Nicolò",
    "Paolo",
    "Alessandro",
    "Roberto",
    "Massimo",
    "Simone",
    "Niccolò",
];

const MEN_UNITED_KINGDOM: &[&str] = &[
    "James", "Andrew", "Stuart", "Craig", "Matthew", "Ian", "Peter", "Simon", "Brian", "Kevin", "Graham", "Tom",
    "Michael", "Scott", "Declan",
];

const LAST_NAMES_SWISS_GERMAN: &[&str] = &[
    "Müller",
    "Meier",
    "Schmid",
    "Keller",
    "Huber",
    "Brunner",
    "Baumann",
    "Zimmermann",
    "Frei",
    "Steiner",
    "Gerber",
    "Bühler",
    "Wüthrich",
    "Lüthi",
    "Zürcher",
    "Aeschlimann",
    "Niederberger",
    "Hürlimann",
    "Käser",
    "Rüegg",
    "Ammann",
    "Bärtschi",
    "Stöckli",
    "von Arx",
    "Zbinden",
];

const LAST_NAMES_GERMANY: &[&str] = &[
    "Schäfer",
    "Krüger",
    "Weiß",
    "Schröder",
    "Böhm",
    "Günther",
    "Hoffmann",
    "Köhler",
    "Lange",
    "Jäger",
    "Vogt",
    "Großmann",
    "Strauß",
    "Dörfler",
    "Kühn",
    "Özdemir",
    "Lindemann",
    "Hartwig",
    "Möller",
    "Brüggemann",
    "Pfeiffer",
    "Reißig",
    "Yılmaz",
    "von Hagen",
];

const LAST_NAMES_AUSTRIA: &[&str] = &[
    "Gruber",
    "Pichler",
    "Moser",
    "Hofer",
    "Leitner",
    "Fürst",
    "Wöhrer",
    "Eder",
    "Mayrhofer",
    "Haslinger",
    "Kofler",
    "Schögl",
    "Prohaska",
    "Zöchling",
];

const LAST_NAMES_ROMANDIE: &[&str] = &[
    "Rochat",
    "Favre",
    "Blanc",
    "Chappuis",
    "Monnier",
    "Rey",
    "Crétin",
    "Pittet",
    "Genoud",
    "Délèze",
    "Jaquier",
    "Vuilleumier",
    "Berthoud",
    "Mühlethaler",
    "Perrin",
    "Magnin",
];

const LAST_NAMES_FRANCE: &[&str] = &[
    "Lefèvre",
    "Girard",
    "Rousseau",
    "Mercier",
    "Dubois",
    "Lemaître",
    "Gauthier",
    "Chevalier",
    "Besançon",
    "Guérin",
    "Noël",
    "Barbier",
    "Thévenet",
    "Delacroix",
    "Hervé",
];

const LAST_NAMES_TICINO: &[&str] = &[
    "Bernasconi",
    "Bianchi",
    "Ferrari",
    "Pedrazzini",
    "Fontana",
    "Cereghetti",
    "Lepori",
    "Galli",
    "Crivelli",
    "Solcà",
    "Bottinelli",
    "Regazzi",
];

const LAST_NAMES_ITALY: &[&str] = &[
    "Colombo",
    "Ricci",
    "Moretti",
    "Brambilla",
    "Locatelli",
    "Pesenti",
    "D'Angelo",
    "Gallo",
    "Nicolè",
    "Sartori",
    "De Luca",
    "Carrà",
    "Zanetti",
    "Fumagalli",
];

const LAST_NAMES_UNITED_KINGDOM: &[&str] = &[
    "Whitaker", "Hughes", "Clarke", "Bennett", "O'Connor", "Fletcher", "Ashworth", "Shaw", "MacLeod", "Barker",
    "Holloway", "Patel", "Thornton", "Wright",
];

const LAST_NAMES_UNITED_STATES: &[&str] = &[
    "Kowalski", "Anderson", "Ramirez", "Sullivan", "Novak", "Peterson", "Brooks", "Nguyen", "Schultz", "Hayes",
    "Coleman", "Fischer", "Reed",
];

const TITLES_GERMAN: &[(&str, &str)] = &[
    ("Geschäftsführer", "Geschäftsführerin"),
    ("Inhaber", "Inhaberin"),
    ("Leiter Verkauf", "Leiterin Verkauf"),
    ("Betriebsleiter", "Betriebsleiterin"),
    ("Leiter Einkauf", "Leiterin Einkauf"),
    ("CFO", "CFO"),
    ("Leiter Auftragsabwicklung", "Leiterin Auftragsabwicklung"),
    ("Prokurist", "Prokuristin"),
    ("Mitglied der Geschäftsleitung", "Mitglied der Geschäftsleitung"),
    ("Leiter Kalkulation", "Leiterin Kalkulation"),
    ("IT-Leiter", "IT-Leiterin"),
    ("Vertriebsleiter DACH", "Vertriebsleiterin DACH"),
];

const TITLES_FRENCH: &[(&str, &str)] = &[
    ("Directeur général", "Directrice générale"),
    ("Directeur commercial", "Directrice commerciale"),
    ("Responsable production", "Responsable production"),
    ("Associé", "Associée"),
    ("Gérant", "Gérante"),
    ("Responsable achats", "Responsable achats"),
    ("Directeur financier", "Directrice financière"),
];

const TITLES_ITALIAN: &[(&str, &str)] = &[
    ("Titolare", "Titolare"),
    ("Direttore generale", "Direttrice generale"),
    ("Responsabile acquisti", "Responsabile acquisti"),
    ("Responsabile commerciale", "Responsabile commerciale"),
    ("Direttore di produzione", "Direttrice di produzione"),
    ("Amministratore delegato", "Amministratrice delegata"),
];

const TITLES_ENGLISH: &[(&str, &str)] = &[
    ("Managing Director", "Managing Director"),
    ("Operations Manager", "Operations Manager"),
    ("Head of Sales", "Head of Sales"),
    ("Owner", "Owner"),
    ("VP Operations", "VP Operations"),
    ("Commercial Director", "Commercial Director"),
    ("Estimating Manager", "Estimating Manager"),
];

const ICEBREAKERS_GERMAN: &[&str] = &[
    "Ihr neuer Standort in {city} ist uns aufgefallen – Gratulation zum Ausbau.",
    "Auf Ihrer Website habe ich gesehen, dass Sie zurzeit Fachleute in {city} suchen.",
    "Dass ein Betrieb aus {city} so offen über seine Abläufe schreibt, sieht man selten.",
    "Ihr Beitrag zum Fachkräftemangel in der Region {city} hat mir gut gefallen.",
    "",
];

const ICEBREAKERS_FRENCH: &[&str] = &[
    "J'ai vu que vous recrutez actuellement à {city}, signe que les carnets de commandes se remplissent.",
    "Votre témoignage sur le tissu industriel de {city} m'a interpellé.",
    "Félicitations pour l'agrandissement de votre site de {city}.",
    "",
];

const ICEBREAKERS_ITALIAN: &[&str] = &[
    "Ho visto che state assumendo a {city}: complimenti per la crescita.",
    "Ho letto con interesse la vostra intervista sul settore nella zona di {city}.",
    "",
];

const ICEBREAKERS_ENGLISH: &[&str] = &[
    "Saw that you are hiring in {city} – congratulations on the growth.",
    "Loved your piece on keeping manufacturing in {city}.",
    "",
];
