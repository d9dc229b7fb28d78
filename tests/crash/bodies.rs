//! Hostile webhook bodies from a seed, each with what the answer must be. All carry [`MARKER`] where they can, so that
//! the log can be searched for it.

use std::fmt::Write as _;

use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;

/// Stands for the content of messages.
pub(crate) const MARKER: &str = "Vertraulich-4711-inhalt";

/// Largest body a webhook may have: the default of `webhook_limit_bytes`.
const LIMIT: usize = 1_048_576;

/// What the answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// 400: nobody could make an event of it.
    Refused,
    /// 413, or the connection is cut.
    TooLarge,
    /// 2xx or 4xx: an odd event, or none.
    Odd,
    /// 2xx: odd, but an event.
    Taken,
}

/// One body.
pub(crate) struct Hostile {
    pub(crate) family: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) expected: Expected,
}

type Make = fn(&mut ChaCha8Rng) -> Vec<u8>;

/// Families with their weight.
const FAMILIES: [(&str, u32, Expected, Make); 22] = [
    ("random bytes", 24, Expected::Refused, random_bytes),
    ("empty", 8, Expected::Refused, empty),
    ("cut off", 40, Expected::Refused, cut_off),
    ("trailing rubbish", 24, Expected::Refused, trailing_rubbish),
    ("not UTF-8", 32, Expected::Refused, not_utf8),
    ("raw control characters", 24, Expected::Refused, raw_control),
    ("nested too deep", 24, Expected::Refused, nested_too_deep),
    ("nested beyond any stack", 4, Expected::Refused, nested_beyond_stack),
    ("no object", 16, Expected::Refused, no_object),
    ("no event", 16, Expected::Refused, no_event),
    ("flipped bits", 32, Expected::Odd, flipped_bits),
    ("wrong types", 40, Expected::Odd, wrong_types),
    ("huge numbers", 24, Expected::Odd, huge_numbers),
    ("duplicate keys", 20, Expected::Odd, duplicate_keys),
    ("escaped NUL", 16, Expected::Taken, escaped_nul),
    ("half surrogates", 16, Expected::Taken, half_surrogates),
    ("odd times", 16, Expected::Taken, odd_times),
    ("odd addresses", 16, Expected::Taken, odd_addresses),
    ("hostile markup", 16, Expected::Taken, hostile_markup),
    ("very many keys", 1, Expected::Odd, very_many_keys),
    ("as large as allowed", 1, Expected::Taken, as_large_as_allowed),
    ("too large", 1, Expected::TooLarge, too_large),
];

/// Which families are drawn from.
pub(crate) type IsWanted = fn(Expected) -> bool;

/// Bodies of which nothing is stored.
pub(crate) fn refused_only(expected: Expected) -> bool {
    matches!(expected, Expected::Refused | Expected::TooLarge)
}

/// All bodies.
pub(crate) fn all(_expected: Expected) -> bool {
    true
}

/// The next body of a wanted family.
pub(crate) fn next(random: &mut ChaCha8Rng, is_wanted: IsWanted) -> Hostile {
    let weight = |family: &(_, u32, Expected, Make)| if is_wanted(family.2) { family.1 } else { 0 };
    let (family, _weight, expected, make) = *FAMILIES.choose_weighted(random, weight).unwrap();
    Hostile { family, body: make(random), expected }
}

/// Names of all families.
pub(crate) fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|family| family.0)
}

/// A reply with everything in it.
fn reply(random: &mut ChaCha8Rng, more: &str) -> String {
    let (number, person) = (random.next_u64(), random.random_range(0..400));
    format!(
        "{{\"timestamp\":\"2026-03-0{}T10:00:00.000Z\",\"event_type\":\"reply_received\",\"workspace\":\"w\",\
         \"campaign_id\":\"c{}\",\"campaign_name\":\"Q3\",\"lead_email\":\"p{person}@example.org\",\
         \"email_account\":\"us@example.com\",\"email_id\":\"m{number:x}\",\"step\":1,\"variant\":1,\"is_first\":true,\
         \"reply_subject\":\"Re: {MARKER}\",\"reply_text\":\"{MARKER} {number}\",\"reply_html\":\"<p>{MARKER}</p>\"{more}}}",
        random.random_range(1..9),
        random.random_range(0..5),
    )
}

fn random_bytes(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut body = vec![0; random.random_range(1..2_000)];
    random.fill_bytes(&mut body);
    // Never by chance an object.
    body[0] = b'%';
    body
}

fn empty(random: &mut ChaCha8Rng) -> Vec<u8> {
    [" ", "", "\n\n", "\t \r\n"].choose(random).unwrap().as_bytes().to_vec()
}

fn cut_off(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut body = reply(random, "").into_bytes();
    body.truncate(random.random_range(1..body.len()));
    body
}

fn trailing_rubbish(random: &mut ChaCha8Rng) -> Vec<u8> {
    let rubbish = ["}", "{}", ",", MARKER, "\u{0}", "null"].choose(random).unwrap();
    format!("{}{rubbish}", reply(random, "")).into_bytes()
}

fn not_utf8(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut body = reply(random, "").into_bytes();
    let wrong: &[u8] =
        [&[0xff][..], &[0xc3, 0x28], &[0xed, 0xa0, 0x80], &[0xf8, 0x88], &[0x80]].choose(random).unwrap();
    let at = random.random_range(0..body.len());
    body.splice(at..at, wrong.iter().copied());
    body
}

fn raw_control(random: &mut ChaCha8Rng) -> Vec<u8> {
    let control = char::from(*[0_u8, 1, 7, 8, 10, 13, 27, 31].choose(random).unwrap());
    reply(random, "").replacen(MARKER, &format!("{MARKER}{control}"), 1).into_bytes()
}

fn nested(depth: usize, random: &mut ChaCha8Rng) -> Vec<u8> {
    let (open, close) = *[("[", "]"), ("{\"a\":", "}")].choose(random).unwrap();
    let more = format!(",\"x\":{}1{}", open.repeat(depth), close.repeat(depth));
    reply(random, &more).into_bytes()
}

fn nested_too_deep(random: &mut ChaCha8Rng) -> Vec<u8> {
    let depth = random.random_range(33..2_000);
    nested(depth, random)
}

fn nested_beyond_stack(random: &mut ChaCha8Rng) -> Vec<u8> {
    nested(150_000, random)
}

fn no_object(random: &mut ChaCha8Rng) -> Vec<u8> {
    let body = ["null", "true", "42", "[]", "\"text\"", "[{\"event_type\":\"email_sent\"}]", "-0.0"];
    body.choose(random).unwrap().as_bytes().to_vec()
}

fn no_event(random: &mut ChaCha8Rng) -> Vec<u8> {
    let body = ["{}", "{\"a\":1}", "{\"event_type\":[]}", "{\"event_type\":{\"event_type\":\"email_sent\"}}"];
    body.choose(random).unwrap().as_bytes().to_vec()
}

fn flipped_bits(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut body = reply(random, "").into_bytes();
    for _flip in 0..random.random_range(1..6) {
        let at = random.random_range(0..body.len());
        body[at] ^= 1 << random.random_range(0..7);
    }
    body
}

const VALUES: [&str; 16] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "\"\"",
    "\" \"",
    "[]",
    "{}",
    "[null]",
    "{\"a\":{\"b\":[1]}}",
    "\"1\"",
    "\"NaN\"",
    "18446744073709551616",
    "[\"Vertraulich-4711-inhalt\"]",
];

fn wrong_types(random: &mut ChaCha8Rng) -> Vec<u8> {
    let names = [
        "timestamp",
        "event_type",
        "workspace",
        "campaign_id",
        "campaign_name",
        "lead_email",
        "email_account",
        "email_id",
        "step",
        "variant",
        "is_first",
        "reply_subject",
        "reply_text",
        "reply_html",
        "unibox_url",
        "email",
        "firstName",
        "companyName",
        "website",
        "phone",
    ];
    let types = ["reply_received", "email_sent", "lead_interested", "email_bounced", "account_error", "anything"];
    let mut body = format!("{{\"event_type\":\"{}\"", types.choose(random).unwrap());
    for _field in 0..random.random_range(1..20) {
        let (name, value) = (names.choose(random).unwrap(), VALUES.choose(random).unwrap());
        write!(body, ",\"{name}\":{value}").unwrap();
    }
    body.push('}');
    body.into_bytes()
}

fn huge_numbers(random: &mut ChaCha8Rng) -> Vec<u8> {
    let digits = "9".repeat(random.random_range(20..5_000));
    let forms =
        [digits.clone(), format!("-{digits}"), format!("1e{digits}"), format!("0.{digits}"), "1e308".to_owned()];
    let number = forms.choose(random).unwrap();
    let name = ["step", "variant", "timestamp", "own_number", "email_id", "is_first"].choose(random).unwrap();
    let body = format!(
        "{{\"event_type\":\"email_opened\",\"lead_email\":\"p@example.org\",\"campaign_id\":\"c1\",\"{name}\":{number}}}"
    );
    body.into_bytes()
}

fn duplicate_keys(random: &mut ChaCha8Rng) -> Vec<u8> {
    let name = ["event_type", "lead_email", "reply_text", "timestamp", "email_id", "step"].choose(random).unwrap();
    let mut more = String::new();
    for _time in 0..random.random_range(1..50) {
        write!(more, ",\"{name}\":{}", VALUES.choose(random).unwrap()).unwrap();
    }
    reply(random, &more).into_bytes()
}

fn escaped_nul(random: &mut ChaCha8Rng) -> Vec<u8> {
    reply(random, ",\"own\\u0000name\":\"a\\u0000b\"")
        .replacen(MARKER, &format!("\\u0000{MARKER}\\u0000"), 2)
        .into_bytes()
}

fn half_surrogates(random: &mut ChaCha8Rng) -> Vec<u8> {
    let half = ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83d\\ud83d"].choose(random).unwrap();
    reply(random, &format!(",\"own\":\"{half}\"")).replacen(MARKER, &format!("{MARKER}{half}"), 2).into_bytes()
}

fn odd_times(random: &mut ChaCha8Rng) -> Vec<u8> {
    let times =
        ["0000-00-00", "9999-12-31T23:59:59Z", "yesterday", "-1", "253402300800000", "1e18", "2026-02-30T25:61:61Z"];
    let time = times.choose(random).unwrap();
    reply(random, "").replacen("2026-03-0", &format!("{time} "), 1).into_bytes()
}

fn odd_addresses(random: &mut ChaCha8Rng) -> Vec<u8> {
    let long = "a".repeat(random.random_range(1..9_000));
    let odd =
        ["@", "a@", "@b", "a@b@c", "a b@c", "\\\"a\\\"@b", "ä@ö.example", "<a@b.example>", "a@b.example,c@d.example"];
    let address =
        if random.random_bool(0.2) { format!("{long}@example.org") } else { odd.choose(random).unwrap().to_string() };
    let name = ["\"lead_email\":\"", "\"email_account\":\""].choose(random).unwrap();
    reply(random, "").replacen(name, &format!("{name}{address}"), 1).into_bytes()
}

fn hostile_markup(random: &mut ChaCha8Rng) -> Vec<u8> {
    let depth = random.random_range(1..3_000);
    let tag = ["<div>", "<table><tr><td>", "<b><i>", "<svg>", "<blockquote>", "<!--", "<style>", "&lt;"]
        .choose(random)
        .unwrap();
    let html = format!("{}{MARKER}", tag.repeat(depth));
    reply(random, "").replacen(&format!("<p>{MARKER}</p>"), &html, 1).into_bytes()
}

fn very_many_keys(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut more = String::with_capacity(LIMIT);
    let mut number = 0;
    while more.len() < LIMIT - 2_000 {
        write!(more, ",\"{number:x}\":0").unwrap();
        number += 1;
    }
    reply(random, &more).into_bytes()
}

fn padded(length: usize, random: &mut ChaCha8Rng) -> Vec<u8> {
    let padding = length - reply(random, "").len();
    let filler = ["a", "a ", "<p>", "> ", "Re: ", "ü"].choose(random).unwrap();
    let filler = filler.repeat(padding / filler.len());
    let target =
        [("\"reply_text\":\"", ""), ("\"reply_html\":\"", ""), ("\"reply_subject\":\"", ""), ("{", "\"own\":")];
    let (before, name) = target.choose(random).unwrap();
    let inserted = if name.is_empty() { format!("{before}{filler}") } else { format!("{{{name}\"{filler}\",") };
    reply(random, "").replacen(before, &inserted, 1).into_bytes()
}

fn as_large_as_allowed(random: &mut ChaCha8Rng) -> Vec<u8> {
    let body = padded(LIMIT - 100, random);
    assert!(body.len() <= LIMIT && body.len() > LIMIT - 300, "{}", body.len());
    body
}

fn too_large(random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = LIMIT + random.random_range(200..3 * LIMIT);
    padded(length, random)
}
