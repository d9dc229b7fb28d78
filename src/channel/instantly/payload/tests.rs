//! Tests of the interpretation: names, the shapes of real bodies, tolerance, errors, and the key's properties.
//!
//! The bodies are written after the field matrix of the provider guide, with invented people.

#![expect(clippy::needless_pass_by_value, reason = "callers write the JSON in place")]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::names::NAMES;
use super::{Interpreted, PayloadError, address, interpret, time};
use crate::channel::event::{EventKind, Interest};

fn run(value: &Value) -> Interpreted {
    interpret(value.to_string().as_bytes()).unwrap()
}

fn key(value: &Value) -> [u8; 16] {
    run(value).content_key
}

/// `base` with the fields of `changes` replaced; null removes nothing, it is a value.
fn with(base: &Value, changes: Value) -> Value {
    let mut value = base.clone();
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value
}

fn without(base: &Value, field: &str) -> Value {
    let mut value = base.clone();
    value.as_object_mut().unwrap().remove(field);
    value
}

const TIME_MS: i64 = 1_760_521_512_345;

fn reply() -> Value {
    json!({
        "timestamp": "2025-10-15T09:45:12.345Z",
        "event_type": "reply_received",
        "workspace": "0190a000-0000-7000-8000-000000000001",
        "campaign_id": "0190a000-0000-7000-8000-000000000002",
        "unibox_url": "https://app.instantly.ai/app/unibox?thread_search=thread:aB%2D3_x&selected_wks=0190a000",
        "campaign_name": "Spitex DE",
        "email_account": "Anna@Outreach.example",
        "reply_text_snippet": "\n\n",
        "is_first": true,
        "lead_email": "Reto.Müller@Firma.example",
        "email": "reto.müller@firma.example",
        "phone": "",
        "website": "firma.example",
        "jobTitle": "CFO",
        "lastName": "Müller",
        "firstName": "Reto",
        "companyName": "Firma AG",
        "Anzahl Fahrzeuge": 12,
        "personalization": null,
        "step": 1,
        "variant": 2,
        "email_id": "0199e000-0000-7000-8000-000000000003",
        "reply_subject": "Re: Frage",
        "reply_text": "Gerne.\r\n\r\nAm 14.10.2025 schrieb Anna:\r\n> Frage",
        "reply_html": "<div>Gerne.</div>"
    })
}

fn sent() -> Value {
    json!({
        "timestamp": "2025-06-02T07:00:00.000Z", "event_type": "email_sent", "workspace": "w", "campaign_id": "c",
        "unibox_url": null, "campaign_name": "n", "email_account": "a@b.example", "is_first": true,
        "lead_email": "x@y.example", "email": "x@y.example", "firstName": "X", "step": 1, "variant": 1,
        "email_subject": "Frage", "email_html": "<p>Hallo</p>"
    })
}

fn interested() -> Value {
    json!({
        "timestamp": "2025-06-03T07:00:00.000Z", "event_type": "lead_interested", "workspace": "w",
        "campaign_id": "c", "unibox_url": null, "campaign_name": "n", "lead_email": "x@y.example", "step": 1,
        "variant": 1, "reply_subject": "Re: Frage", "reply_text": "Ja", "reply_text_snippet": "Ja",
        "reply_html": "<p>Ja</p>"
    })
}

#[test]
fn every_name_means_what_the_table_says() {
    let doc = include_str!("../payload.rs");
    for (name, kind) in NAMES {
        assert!(doc.contains(&format!("`{name}`")), "{name} is not in the module's table");
        for spelled in [(*name).to_owned(), name.to_uppercase(), format!(" {name}\n")] {
            let event = run(&with(&sent(), json!({ "event_type": spelled }))).event;
            assert_eq!(event.kind, *kind, "{spelled}");
            assert_eq!(event.provider_name, spelled.trim());
        }
    }
    let seeds = [
        "email_sent",
        "email_opened",
        "email_clicked",
        "reply_received",
        "email_bounced",
        "email_unsubscribed",
        "email_spam_report",
        "lead_interested",
        "lead_not_interested",
        "lead_meeting_booked",
        "lead_completed",
        "lead_error",
        "campaign_started",
        "campaign_paused",
        "campaign_completed",
        "account_error",
        "account_suspended",
    ];
    assert!(seeds.iter().all(|seed| NAMES.iter().any(|(name, _)| name == seed)));
}

#[test]
fn names_are_unique_and_lower_case() {
    for (at, (name, _)) in NAMES.iter().enumerate() {
        assert_eq!(*name, name.to_lowercase());
        assert!(NAMES.iter().skip(at + 1).all(|(other, _)| other != name));
    }
}

#[test]
fn unknown_names_are_labels_or_unknown() {
    let label = |name: &str| EventKind::LabelChanged(name.to_owned());
    for (name, expected) in [
        ("Rückruf im Q3 ☎", label("Rückruf im Q3 ☎")),
        ("Hot", label("Hot")),
        ("call_back", label("call_back")),
        ("Lead Interested", label("Lead Interested")),
        ("lead_", label("lead_")),
        ("lead__x", label("lead__x")),
        ("2024", label("2024")),
        ("lead_created", EventKind::Unknown),
        ("EMAIL_Deferred", EventKind::Unknown),
        ("campaign_auto_paused2", EventKind::Unknown),
        ("account_resumed", EventKind::Unknown),
    ] {
        assert_eq!(run(&with(&sent(), json!({ "event_type": name }))).event.kind, expected, "{name}");
        let nobody = json!({ "event_type": name, "workspace": "w" });
        assert_eq!(run(&nobody).event.kind, EventKind::Unknown, "{name} without a contact");
    }
    assert_eq!(run(&with(&sent(), json!({ "event_type": 7 }))).event.kind, label("7"));
    let unreadable = json!({ "event_type": "Hot", "lead_email": "nobody" });
    assert_eq!(run(&unreadable).event.kind, EventKind::Unknown);
}

#[test]
fn reply_of_2025_is_read_in_full() {
    let event = run(&reply()).event;
    assert_eq!(event.kind, EventKind::ReplyReceived);
    assert_eq!(event.occurred_at_ms, Some(TIME_MS));
    assert_eq!(event.workspace_id.as_deref(), Some("0190a000-0000-7000-8000-000000000001"));
    assert_eq!(event.provider_campaign_id.as_deref(), Some("0190a000-0000-7000-8000-000000000002"));
    assert_eq!(event.campaign_name.as_deref(), Some("Spitex DE"));
    assert_eq!(event.mailbox_address.as_deref(), Some("anna@outreach.example"));
    assert_eq!((event.step, event.variant, event.is_first), (Some(1), Some(2), Some(true)));
    assert_eq!(event.provider_message_id.as_deref(), Some("0199e000-0000-7000-8000-000000000003"));
    assert_eq!(event.provider_thread_id.as_deref(), Some("aB-3_x"));
    assert_eq!(event.remarks, Vec::<&str>::new());
    let contact = event.contact.unwrap();
    assert_eq!(contact.address, "reto.müller@firma.example");
    assert_eq!(contact.first_name.as_deref(), Some("Reto"));
    assert_eq!(contact.last_name.as_deref(), Some("Müller"));
    assert_eq!(contact.company_name.as_deref(), Some("Firma AG"));
    assert_eq!(contact.job_title.as_deref(), Some("CFO"));
    assert_eq!(contact.phone, None);
    assert_eq!(contact.website.as_deref(), Some("firma.example"));
    assert_eq!(contact.custom_fields.into_iter().collect::<Vec<_>>(), [("Anzahl Fahrzeuge".into(), "12".into())]);
    let content = event.content.unwrap();
    assert_eq!(content.subject, "Re: Frage");
    assert_eq!(content.text.as_deref(), Some("Gerne.\r\n\r\nAm 14.10.2025 schrieb Anna:\r\n> Frage"));
    assert_eq!(content.html.as_deref(), Some("<div>Gerne.</div>"));
}

#[test]
fn every_column_of_the_field_matrix_is_read() {
    let old_link = json!("https://app.instantly.ai/app/unibox?thread_search=x@y.example&selected_wks=w");
    let bare_sent = without(&without(&sent(), "email_subject"), "email_html");
    let reply_2024 = with(&without(&reply(), "email_id"), json!({ "unibox_url": old_link }));
    let not_interested = json!({
        "timestamp": "2025-01-03T07:00:00.000Z", "event_type": "lead_not_interested", "workspace": "w",
        "campaign_id": "c", "unibox_url": null, "campaign_name": "n", "lead_email": "x@y.example", "Titel": "Dr."
    });
    // (payload, has content, has html, thread, message id, is_first, step)
    let columns = [
        (bare_sent, false, false, false, false, true, true),
        (sent(), true, true, false, false, true, true),
        (reply_2024.clone(), true, true, false, false, true, true),
        (reply_2024, true, true, false, false, true, true),
        (without(&reply(), "is_first"), true, true, true, true, false, true),
        (without(&reply(), "reply_html"), true, false, true, true, true, true),
        (interested(), false, false, false, false, false, true),
        (not_interested, false, false, false, false, false, false),
    ];
    for (payload, has_content, has_html, has_thread, has_message, has_first, has_step) in columns {
        let event = run(&payload).event;
        assert_eq!(event.content.is_some(), has_content, "{payload}");
        assert_eq!(event.content.is_some_and(|content| content.html.is_some()), has_html, "{payload}");
        assert_eq!(event.provider_thread_id.is_some(), has_thread, "{payload}");
        assert_eq!(event.provider_message_id.is_some(), has_message, "{payload}");
        assert_eq!(event.is_first.is_some(), has_first, "{payload}");
        assert_eq!(event.step.is_some() && event.variant.is_some(), has_step, "{payload}");
        assert!(event.contact.is_some() && event.occurred_at_ms.is_some() && event.workspace_id.is_some());
        assert_eq!(event.remarks, Vec::<&str>::new(), "{payload}");
    }
}

#[test]
fn content_belongs_to_the_message_event_only() {
    let html_only = without(&without(&reply(), "reply_text"), "reply_text_snippet");
    let content = run(&html_only).event.content.unwrap();
    assert_eq!((content.text, content.html.is_some()), (None, true));

    let snippet = with(&html_only, json!({ "reply_html": "", "reply_text": " \n", "reply_text_snippet": "Ja!" }));
    let event = run(&snippet).event;
    assert_eq!(event.content.unwrap().text.as_deref(), Some("Ja!"));
    assert_eq!(event.remarks, ["only a snippet of the message"]);

    let blank = with(&snippet, json!({ "reply_subject": null, "reply_text_snippet": "\n\0" }));
    assert_eq!(run(&blank).event.content, None);

    let event = run(&interested()).event;
    assert_eq!(event.kind, EventKind::InterestChanged(Interest::Interested));
    assert_eq!(event.content, None);
    assert!(event.contact.unwrap().custom_fields.is_empty(), "the reply's text is no lead variable");

    let content = run(&with(&sent(), json!({ "email_text": "Hallo" }))).event.content.unwrap();
    assert_eq!((content.subject.as_str(), content.text.as_deref()), ("Frage", Some("Hallo")));
}

#[test]
fn a_reply_that_looks_automatic_stays_a_reply() {
    let payload =
        with(&reply(), json!({ "reply_subject": "Automatische Antwort: weg", "reply_text": "Out of office" }));
    assert_eq!(run(&payload).event.kind, EventKind::ReplyReceived);
    let payload = with(&payload, json!({ "event_type": "auto_reply_received" }));
    let event = run(&payload).event;
    assert_eq!(event.kind, EventKind::AutoReplyReceived);
    assert!(event.content.is_some());
}

#[test]
fn numbers_letters_and_flags_come_in_many_forms() {
    for (given, expected) in [
        (json!(1), Some(1)),
        (json!("1"), Some(1)),
        (json!(" 3 "), Some(3)),
        (json!(2.0), Some(2)),
        (json!("2.00"), Some(2)),
        (json!("A"), Some(1)),
        (json!("b"), Some(2)),
        (json!(null), None),
        (json!(""), None),
        (json!(0), None),
        (json!(-1), None),
        (json!(1.5), None),
        (json!(1e300), None),
        (json!("AB"), None),
        (json!("3 to 5 years"), None),
        (json!([1]), None),
        (json!(true), None),
    ] {
        let event = run(&with(&sent(), json!({ "step": given, "variant": given }))).event;
        assert_eq!((event.step, event.variant), (expected, expected), "{given}");
        let is_silent = expected.is_some() || given.is_null() || given == "";
        assert_eq!(event.remarks.is_empty(), is_silent, "{given}");
    }
    for (given, expected) in [
        (json!(true), Some(true)),
        (json!("FALSE"), Some(false)),
        (json!(1), Some(true)),
        (json!("0"), Some(false)),
        (json!(0.0), Some(false)),
        (json!(null), None),
        (json!("maybe"), None),
        (json!({}), None),
    ] {
        assert_eq!(run(&with(&sent(), json!({ "is_first": given }))).event.is_first, expected, "{given}");
    }
}

#[test]
fn timestamps_come_in_many_forms() {
    for text in [
        "2025-10-15T09:45:12.345Z",
        "2025-10-15t09:45:12.345z",
        "2025-10-15 09:45:12.345",
        "2025-10-15T09:45:12.345",
        "2025-10-15 09:45:12.345 UTC",
        "2025-10-15T11:45:12.345+02:00",
        "2025-10-15T11:45:12.345+0200",
        "2025-10-15T04:15:12.345-05:30",
        "2025-10-15T09:45:12.345000000Z",
        "2025-10-15T09:45:12.345000000000Z",
        "1760521512345",
        "1760521512.345",
        " 2025-10-15T09:45:12.345Z ",
    ] {
        assert_eq!(time::parse_ms(text), Ok(TIME_MS), "{text}");
    }
    let whole = TIME_MS - 345;
    for text in [
        "2025-10-15T09:45:12Z",
        "2025-10-15T09:45:12",
        "Wed, 15 Oct 2025 09:45:12 GMT",
        "Wed, 15 Oct 2025 11:45:12 +0200",
        "1760521512",
    ] {
        assert_eq!(time::parse_ms(text), Ok(whole), "{text}");
    }
    assert_eq!(time::parse_ms("2025-10-15T09:45:12.3Z"), Ok(whole + 300));
    for text in [
        "",
        "soon",
        "2025-10-15",
        "2025-13-01T00:00:00Z",
        "12:30",
        ".",
        "1.2.3",
        "٢٠٢٥",
        "1e9",
        "\u{0}",
        "9".repeat(5000).as_str(),
    ] {
        assert_eq!(time::parse_ms(text), Err("timestamp unreadable"), "{text}");
    }
    for text in ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0", "12345", "99999999999999", "1970-01-01T00:00:00Z"]
    {
        assert_eq!(time::parse_ms(text), Err("timestamp out of range"), "{text}");
    }
    assert_eq!(run(&with(&sent(), json!({ "timestamp": TIME_MS }))).event.occurred_at_ms, Some(TIME_MS));
    let event = run(&with(&sent(), json!({ "timestamp": { "a": 1 } }))).event;
    assert_eq!((event.occurred_at_ms, event.remarks), (None, vec!["timestamp unreadable"]));
    assert_eq!(run(&without(&sent(), "timestamp")).event.remarks, ["timestamp missing"]);
}

#[test]
fn addresses_are_made_comparable_or_refused() {
    for text in [
        "a.b+c@d.ch",
        " A.B+C@D.CH\u{a0}",
        "mailto:a.b+c@d.ch",
        "MAILTO:A.B+C@d.ch?subject=x@y",
        "Ada B <a.b+c@d.ch>",
        "\"B, Ada <x>\" <mailto:a.b+c@d.ch>",
        "<a.b+c@d.ch>",
        "\u{feff}a.b+c@d.ch\u{200b}",
    ] {
        assert_eq!(address::parse(text).as_deref(), Some("a.b+c@d.ch"), "{text}");
    }
    assert_eq!(address::parse("Jörg@ZÜRICH.ch").as_deref(), Some("jörg@zürich.ch"));
    assert_eq!(address::parse("jo\u{308}rg@zu\u{308}rich.ch").as_deref(), Some("jörg@zürich.ch"));
    for text in [
        "",
        "@",
        "a@",
        "@b",
        "a",
        "a b@c.d",
        "a@b c",
        "a@b@c",
        "a@b,c@d",
        "a@b;c@d",
        "a\u{7}@b.c",
        "a@b\nc",
        "<>",
        "a@b> <",
        "mailto:",
        "x <a@b",
        "<a@b> x",
        &format!("{}@b.ch", "a".repeat(2_000)),
    ] {
        assert_eq!(address::parse(text), None, "{text}");
    }
}

#[test]
fn an_unreadable_address_costs_the_contact_not_the_event() {
    let event = run(&with(&reply(), json!({ "lead_email": "n/a", "email": "also not" }))).event;
    assert_eq!((event.kind, event.contact.is_none()), (EventKind::ReplyReceived, true));
    assert_eq!(event.remarks, ["contact address unreadable"]);
    let event = run(&with(&reply(), json!({ "lead_email": "", "email": "B@c.example" }))).event;
    assert_eq!(event.contact.unwrap().address, "b@c.example");
    let event = run(&with(&reply(), json!({ "email_account": "??" }))).event;
    assert_eq!((event.mailbox_address, event.remarks), (None, vec!["mailbox address unreadable"]));
    let event = run(&with(&reply(), json!({ "email": "second@c.example" }))).event;
    assert_eq!(event.contact.unwrap().custom_fields["email"], "second@c.example");
}

#[test]
fn lead_variables_are_sorted_into_fields() {
    let payload = json!({
        "event_type": "email_opened", "lead_email": "a@b.ch", "timestamp": "2025-10-15T09:45:12Z",
        "First Name": "Ada", "LAST_NAME": "B", "company": "Kurz", "companyName": "Lang AG", "job title": "CEO",
        "Phone": 41_791_234_567_u64, "web-site": "b.ch", "vorname": "Ada", "empty": "", "nothing": null,
        "score": 1.5, "vip": true, "tags": ["x", { "y": null }], "Größe": " 12\0 ", "": "nameless", "phone ": "2"
    });
    let contact = run(&payload).event.contact.unwrap();
    assert_eq!(contact.first_name.as_deref(), Some("Ada"));
    assert_eq!(contact.last_name.as_deref(), Some("B"));
    assert_eq!(contact.company_name.as_deref(), Some("Lang AG"));
    assert_eq!(contact.job_title.as_deref(), Some("CEO"));
    assert_eq!(contact.phone.as_deref(), Some("41791234567"));
    assert_eq!(contact.website.as_deref(), Some("b.ch"));
    let custom: Vec<_> = contact.custom_fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        custom,
        [
            ("Größe", "12"),
            ("company", "Kurz"),
            ("phone", "2"),
            ("score", "1.5"),
            ("tags", r#"["x",{"y":null}]"#),
            ("vip", "true"),
        ]
    );
}

#[test]
fn mailbox_events_have_no_contact_and_a_reason() {
    let payload = json!({
        "event_type": "account_error", "workspace": "w", "campaign_id": null, "email": "Box@b.ch",
        "status_message": { "code": "EAUTH", "responseCode": 535 }, "timestamp": "2025-10-15T09:45:12Z"
    });
    let event = run(&payload).event;
    assert_eq!(event.kind, EventKind::MailboxError);
    assert_eq!((event.contact, event.mailbox_address.as_deref()), (None, Some("box@b.ch")));
    assert_eq!(event.reason.as_deref(), Some(r#"{"code":"EAUTH","responseCode":535}"#));

    let bounce = with(&sent(), json!({ "event_type": "email_bounced", "bounce_reason": "550 no such user" }));
    let event = run(&bounce).event;
    assert_eq!(event.reason.as_deref(), Some("550 no such user"));
    assert!(event.contact.unwrap().custom_fields.is_empty());
    let event = run(&with(&bounce, json!({ "event_type": "email_opened" }))).event;
    assert_eq!(event.reason, None);
    assert_eq!(event.contact.unwrap().custom_fields["bounce_reason"], "550 no such user");
}

#[test]
fn long_texts_are_cut_and_nul_removed() {
    let long = "ü".repeat(2_000);
    let payload = with(
        &reply(),
        json!({ "campaign_name": long, "reply_subject": long, "lead_email": format!("{long}@b.ch"), "email": null }),
    );
    let event = run(&payload).event;
    assert_eq!(event.campaign_name.unwrap().chars().count(), 1_000);
    assert_eq!(event.content.unwrap().subject.chars().count(), 1_000);
    assert_eq!(event.remarks, ["contact address unreadable", "long text cut"]);
    let event =
        run(&with(&reply(), json!({ "campaign_name": "a\0b", "reply_text": "x\0y", "extra": long.repeat(10) }))).event;
    assert_eq!(event.campaign_name.as_deref(), Some("ab"));
    assert_eq!(event.content.unwrap().text.as_deref(), Some("xy"));
    assert_eq!(event.contact.unwrap().custom_fields["extra"].chars().count(), 10_000);
    let event = run(&with(&reply(), json!({ "workspace": ["x"], "reply_text": {} }))).event;
    assert_eq!((event.workspace_id, event.remarks), (None, vec!["field of a wrong type ignored"]));
}

#[test]
fn thread_ids_come_from_the_link() {
    for (url, expected) in [
        ("https://x/app?thread_search=thread:abc", Some("abc")),
        ("https://x/app?a=b&thread_search=thread%3Aa%20b&c=d#f", Some("a b")),
        ("/app?thread_search=thread:%C3%BC", Some("ü")),
        ("https://x/app?thread_search=thread:", None),
        ("https://x/app?thread_search=thread:%FF", None),
        ("https://x/app?thread_search=thread:%2", None),
        ("https://x/app?thread_search=a@b.ch", None),
        ("thread_search=thread:abc", None),
        ("", None),
    ] {
        let event = run(&with(&reply(), json!({ "unibox_url": url }))).event;
        assert_eq!(event.provider_thread_id.as_deref(), expected, "{url}");
    }
}

#[test]
fn half_a_surrogate_pair_does_not_cost_the_event() {
    let body = r#"{"event_type":"reply_received","lead_email":"a@b.ch","timestamp":1760521512345,
        "reply_text":"ok \ud83d","reply_subject":"\ude00 \\ud83d \ud83d\ude00 \ud83d\ud83d\ude00"}"#;
    let event = interpret(body.as_bytes()).unwrap().event;
    let content = event.content.unwrap();
    assert_eq!(content.text.as_deref(), Some("ok \u{fffd}"));
    assert_eq!(content.subject, "\u{fffd} \\ud83d 😀 \u{fffd}😀");
    assert_eq!(event.remarks, ["broken character escape replaced"]);
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let error = |body: &[u8]| interpret(body).unwrap_err();
    assert!(matches!(error(b""), PayloadError::Empty));
    assert!(matches!(error(b"\xef\xbb\xbf \n"), PayloadError::Empty));
    assert!(matches!(error(b"{\"a\xff"), PayloadError::NotUtf8 { offset: 3 }));
    assert!(matches!(error(b"{\n  \"a\": }"), PayloadError::NotJson { line: 2, column: 8, .. }));
    assert!(matches!(error(b"{} {}"), PayloadError::NotJson { .. }));
    assert!(matches!(error(b"[]"), PayloadError::NotAnObject { found: "an array" }));
    assert!(matches!(error(b"null"), PayloadError::NotAnObject { found: "null" }));
    assert!(matches!(error(b"\"{\\\"[\""), PayloadError::NotAnObject { found: "text" }));
    for body in ["{}", r#"{"event_type":null}"#, r#"{"event_type":" ","foo":1}"#, r#"{"lead_email":""}"#] {
        assert!(matches!(error(body.as_bytes()), PayloadError::Unrecognisable), "{body}");
    }
    for (body, field) in [
        (r#"{"event_type":{},"lead_email":"a@b.ch"}"#, "event_type"),
        (r#"{"event_type":["email_sent"]}"#, "event_type"),
        (r#"{"event_type":true}"#, "event_type"),
        (r#"{"event_type":"email_sent","lead_email":{"a":1}}"#, "lead_email"),
        (r#"{"event_type":"email_sent","lead_email":[]}"#, "lead_email"),
    ] {
        assert_eq!(error(body.as_bytes()).field(), Some(field), "{body}");
        assert!(error(body.as_bytes()).to_string().contains(field));
    }
    let event = interpret(b"\xef\xbb\xbf{\"lead_email\":\"a@b.ch\"}").unwrap().event;
    assert_eq!((event.kind, event.provider_name.as_str()), (EventKind::Unknown, ""));
    assert_eq!(event.remarks, ["event type missing", "timestamp missing"]);
}

#[test]
fn nesting_is_bounded_and_cheap() {
    let nested =
        |depth: usize| format!(r#"{{"event_type":"Hot","a":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(interpret(nested(32).as_bytes()).is_ok());
    assert!(matches!(interpret(nested(33).as_bytes()), Err(PayloadError::TooDeep { limit: 32 })));
    let brackets = r#"{"event_type":"Hot","a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[["}"#;
    assert!(interpret(brackets.as_bytes()).is_ok());
    let start = Instant::now();
    for open in ["[", "{\"a\":", "[{\"x\":["] {
        assert!(interpret(open.repeat(100_000).as_bytes()).is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_megabyte_is_read_in_linear_time() {
    let mut payload = reply();
    for number in 0..30_000 {
        payload[format!("variable {number}")] = json!("some value of it");
    }
    let body = payload.to_string();
    assert!(body.len() > 1_000_000);
    let start = Instant::now();
    assert_eq!(interpret(body.as_bytes()).unwrap().event.contact.unwrap().custom_fields.len(), 250);
    assert!(start.elapsed() < Duration::from_secs(30));
    let escapes = format!(r#"{{"event_type":"Hot","a":"{}"}}"#, r"\ud83d".repeat(160_000));
    assert!(interpret(escapes.as_bytes()).is_ok());
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_key_begins_with_the_time() {
    let found = key(&reply());
    assert_eq!(found[..6], TIME_MS.to_be_bytes()[2..]);
    assert_eq!(key(&without(&reply(), "timestamp"))[..6], [0; 6]);
    assert!(key(&with(&reply(), json!({ "timestamp": "2025-10-15T09:45:12.346Z" }))) > found);
}

#[test]
fn the_key_differs_when_an_identity_field_differs() {
    let mut keys = vec![key(&reply())];
    for (field, value) in [
        ("timestamp", json!("2025-10-15T09:45:12.345+00:00")),
        ("event_type", json!("auto_reply_received")),
        ("workspace", json!("other")),
        ("campaign_id", json!("other")),
        ("lead_email", json!("other@b.ch")),
        ("email_account", json!("other@b.ch")),
        ("email_account", json!("not an address")),
        ("step", json!(2)),
        ("step", json!("unreadable")),
        ("variant", json!(3)),
        ("email_id", json!("other")),
        ("reply_subject", json!("Re: Frage ")),
        ("reply_subject", json!("Re: Andere")),
        ("reply_text", json!("Nein")),
        ("reply_html", json!("<p>Nein</p>")),
    ] {
        let changed = key(&with(&reply(), json!({ field: value })));
        if value == "Re: Frage " {
            assert_eq!(changed, keys[0], "outer white space of a subject means nothing");
        } else {
            assert!(!keys.contains(&changed), "{field} {value}");
            keys.push(changed);
        }
    }
    let shifted = with(&reply(), json!({ "workspace": "ab", "campaign_id": "c" }));
    let other = with(&reply(), json!({ "workspace": "a", "campaign_id": "bc" }));
    assert_ne!(key(&shifted), key(&other));
    let strange = |text: &str| key(&with(&without(&reply(), "email"), json!({ "lead_email": text })));
    assert_ne!(strange("no address"), strange("no address either"));
    let bounce = json!({ "event_type": "email_bounced", "lead_email": "a@b.ch", "timestamp": TIME_MS, "reason": "x" });
    assert_ne!(key(&bounce), key(&with(&bounce, json!({ "reason": "y" }))));
}

#[test]
fn the_key_ignores_what_may_change_between_retries() {
    let found = key(&reply());
    for change in [
        json!({ "firstName": "Anders" }),
        json!({ "new variable": [1, 2] }),
        json!({ "email": "REPLACED@x.example" }),
        json!({ "campaign_name": "renamed" }),
        json!({ "unibox_url": null }),
        json!({ "is_first": "1" }),
        json!({ "event_type": " Reply_Received " }),
        json!({ "lead_email": "Reto <RETO.müller@firma.example>" }),
        json!({ "step": "1", "variant": "B" }),
    ] {
        assert_eq!(key(&with(&reply(), change.clone())), found, "{change}");
    }
}

#[test]
fn events_nothing_tells_apart_are_hashed_whole() {
    let bare = json!({ "event_type": "email_opened", "lead_email": "a@b.ch" });
    let first = key(&with(&bare, json!({ "n": 1, "m": { "x": 1, "y": [1, 2] } })));
    assert_eq!(first, key(&with(&bare, json!({ "m": { "y": [1, 2], "x": 1 }, "n": "1" }))));
    assert_ne!(first, key(&with(&bare, json!({ "n": 2, "m": { "x": 1, "y": [1, 2] } }))));
    assert_ne!(first, key(&with(&bare, json!({ "n": 1, "m": { "x": 1, "y": [2, 1] } }))));
    let timed = with(&bare, json!({ "timestamp": TIME_MS }));
    assert_eq!(key(&timed), key(&with(&timed, json!({ "n": 1 }))));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-zA-Z0-9@<>:. %+_-]{0,30}".prop_map(Value::from),
        NAMES_STRATEGY.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

const NAMES_STRATEGY: &str = "(email|lead|reply|account)_(sent|received|error|interested|opened)";

fn any_payload() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec![
        "timestamp",
        "event_type",
        "workspace",
        "campaign_id",
        "campaign_name",
        "unibox_url",
        "lead_email",
        "email",
        "email_account",
        "step",
        "variant",
        "is_first",
        "email_id",
        "email_subject",
        "email_html",
        "reply_subject",
        "reply_text",
        "reply_html",
        "reply_text_snippet",
        "firstName",
        "First Name",
        "reason",
        "x",
    ]);
    prop::collection::vec((field, any_json()), 0..12)
        .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

/// A rearranged form of `value` that means the same.
fn shuffled(value: &Value, seed: usize) -> Value {
    let mut pairs: Vec<_> = value.as_object().unwrap().clone().into_iter().collect();
    if !pairs.is_empty() {
        let middle = seed % pairs.len();
        pairs.rotate_left(middle);
        pairs.reverse();
    }
    Value::Object(pairs.into_iter().collect())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(interpret(&bytes));
    }

    #[test]
    fn arbitrary_text_never_panics(text in r#"[\{\}\[\]":,\\ud0-9a-f @.ü-]{0,200}"#) {
        drop(interpret(text.as_bytes()));
    }

    #[test]
    fn arbitrary_json_never_panics(value in any_json()) {
        drop(interpret(value.to_string().as_bytes()));
    }

    #[test]
    fn arbitrary_fields_never_panic_and_keys_repeat(value in any_payload(), seed in any::<usize>()) {
        if let Ok(first) = interpret(value.to_string().as_bytes()) {
            let pretty = serde_json::to_string_pretty(&shuffled(&value, seed)).unwrap();
            let second = interpret(pretty.as_bytes()).unwrap();
            prop_assert_eq!(first.content_key, second.content_key);
            prop_assert_eq!(first.event.kind, second.event.kind);
        }
    }

    #[test]
    fn the_form_of_a_step_does_not_matter(step in 1_i64..=26, variant in 1_u8..=26, seed in any::<usize>()) {
        let number = with(&reply(), json!({ "step": step, "variant": variant }));
        let letter = char::from(b'A' + variant - 1).to_string();
        let text = with(&reply(), json!({ "step": step.to_string(), "variant": letter }));
        prop_assert_eq!(key(&number), key(&shuffled(&text, seed)));
        let float = with(&reply(), json!({ "step": format!("{step}.0"), "variant": f64::from(variant) }));
        prop_assert_eq!(key(&number), key(&float));
    }

    #[test]
    fn identity_fields_change_the_key(field in prop::sample::select(vec!["workspace", "campaign_id", "email_id", "reply_text", "reply_html", "reply_subject", "event_type"]), one in "[a-z]{1,8}", two in "[a-z]{1,8}") {
        let same = one == two;
        let keys = (key(&with(&reply(), json!({ field: one }))), key(&with(&reply(), json!({ field: two }))));
        prop_assert_eq!(keys.0 == keys.1, same);
    }

    #[test]
    fn addresses_and_times_never_panic(text in any::<String>()) {
        if let Some(address) = address::parse(&text) {
            let again = address::parse(&address);
            prop_assert_eq!(again, Some(address));
        }
        prop_assert!(time::parse_ms(&text).is_ok_and(|time_ms| time_ms > 0) || time::parse_ms(&text).is_err());
    }
}

#[test]
fn a_person_keeps_a_bounded_number_of_variables() {
    let many = (0..2_000).map(|number| format!(",\"v{number}\":\"x\"")).collect::<Vec<_>>().concat();
    let body = format!("{{\"event_type\":\"email_opened\",\"lead_email\":\"a@example.org\"{many}}}");
    let event = interpret(body.as_bytes()).unwrap().event;
    assert_eq!(event.contact.unwrap().custom_fields.len(), 250);
    assert!(event.remarks.iter().any(|remark| remark.contains("more variables")), "{:?}", event.remarks);
}
