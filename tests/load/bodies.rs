//! Distinct reply webhooks from a stock of simulated ones: each gets a message id, a time, a person and a word of its own.
//!
//! The stock is made before the measurement, so that a request costs the generator one copy. Every round through the stock
//! has new people, so the share of replies that open a conversation stays one half.

use std::ops::Range;

use salesbrain::channel::instantly::simulator::{Quirks, Simulator, SimulatorConfig};

/// Bodies in the stock.
const STOCK: usize = 4_000;

struct Template {
    text: String,
    /// Where the message id, the time, the person's address and the reply's text begin, in the order they stand in.
    places: Vec<(Range<usize>, Place)>,
    address: String,
}

#[derive(Clone, Copy)]
enum Place {
    MessageId,
    Time,
    Address,
    Text,
}

/// The stock.
pub(crate) struct Bodies {
    templates: Vec<Template>,
    start_ms: i64,
    run: u64,
}

impl Bodies {
    /// Makes the stock; without `is_html` the replies are plain text only.
    pub(crate) fn new(start_ms: i64, is_html: bool) -> anyhow::Result<Self> {
        let mut config = SimulatorConfig::new(11, start_ms);
        config.quirks = Quirks { missing_reply_html: if is_html { 0.0 } else { 1.0 }, ..Quirks::NONE };
        let replies = Simulator::new(config).replies(0.5);
        let templates = replies
            .take(STOCK)
            .map(|event| Template::new(String::from_utf8(event.body.to_vec())?))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { templates, start_ms, run: start_ms.cast_unsigned() })
    }

    /// Mean size in bytes.
    pub(crate) fn mean_size(&self) -> usize {
        self.templates.iter().map(|template| template.text.len()).sum::<usize>() / self.templates.len()
    }

    /// The whole request of the reply with that number.
    pub(crate) fn request(&self, number: u64, secret: &str) -> Vec<u8> {
        let body = self.body(number);
        let mut request = format!(
            "POST /webhooks/instantly/webhook HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\n\
             x-webhook-secret: {secret}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body.as_bytes());
        request
    }

    /// The person who writes the reply with that number.
    pub(crate) fn address(&self, number: u64) -> String {
        let (template, round) = self.pick(number);
        format!("{}{}", self.prefix(round), template.address)
    }

    /// The word that no other reply has. In digits: among letters `ae` is folded, and a word that begins like it found too.
    pub(crate) fn word(&self, number: u64) -> String {
        format!("zq{}x{number}", self.run & 0xff_ffff)
    }

    fn pick(&self, number: u64) -> (&Template, u64) {
        let count = self.templates.len() as u64;
        (&self.templates[(number % count) as usize], number / count)
    }

    fn prefix(&self, round: u64) -> String {
        format!("r{:x}-{round}.", self.run & 0xff_ffff)
    }

    fn body(&self, number: u64) -> String {
        let (template, round) = self.pick(number);
        let mut body = String::with_capacity(template.text.len() + 64);
        let mut from = 0;
        for (range, place) in &template.places {
            body.push_str(&template.text[from..range.start]);
            match place {
                Place::MessageId => {
                    let id = uuid::Uuid::from_u64_pair(self.run, number);
                    body.push_str(id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
                }
                Place::Time => {
                    let at_ms = self.start_ms.saturating_add(number.cast_signed());
                    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
                    body.push_str(&at_text(at));
                }
                Place::Address => body.push_str(&self.prefix(round)),
                Place::Text => {
                    body.push_str(&self.word(number));
                    body.push(' ');
                }
            }
            from = range.end;
        }
        body.push_str(&template.text[from..]);
        body
    }
}

impl Template {
    fn new(text: String) -> anyhow::Result<Self> {
        let value = |name: &str| -> anyhow::Result<Range<usize>> {
            let key = format!("\"{name}\":\"");
            let start = text.find(&key).ok_or_else(|| anyhow::anyhow!("no {name} in {text}"))? + key.len();
            let length = text[start..].find('"').unwrap_or(0);
            Ok(start..start + length)
        };
        let address = value("lead_email")?;
        let reply = value("reply_text")?;
        let mut places = vec![
            (value("email_id")?, Place::MessageId),
            (value("timestamp")?, Place::Time),
            (address.start..address.start, Place::Address),
            (reply.start..reply.start, Place::Text),
        ];
        places.sort_by_key(|(range, _place)| range.start);
        let address = text[address].to_owned();
        Ok(Self { text, places, address })
    }
}

/// A time of the body with its milliseconds.
fn at_text(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}
