//! Tests of the text functions. The mails are written after the shapes in the public corpora of reply parsers.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Split, snippet, split_quoted, subject_key, text_from_html};

/// Splits at the one line that says `[CUT]`.
fn check(marked: &str) {
    let (own, quoted) = marked.split_once("[CUT]\n").unwrap();
    let split = split_quoted(&format!("{own}{quoted}"));
    assert_eq!(split.own, own.trim_end(), "own part of:\n{marked}");
    assert_eq!(split.quoted.trim_start(), quoted.trim(), "quoted part of:\n{marked}");
    let windows = split_quoted(&format!("{own}{quoted}").replace('\n', "\r\n"));
    assert_eq!(windows.own.replace("\r\n", "\n"), split.own);
}

fn check_all_own(text: &str) {
    assert_eq!(split_quoted(text), Split { own: text.trim_end().to_owned(), quoted: String::new() });
}

#[test]
fn introductions_of_many_languages_are_found() {
    for introduction in [
        "On Wed, Oct 15, 2025 at 9:45 AM Anna Muster <anna@b.example> wrote:",
        "On 15 Oct 2025, at 09:45, Anna Muster wrote:",
        "On Nov 26, 2013 you wrote:",
        "On Wed, 15 Oct 2025 at 09:45, Anna Muster <\na-very-long-address-of-somebody@b.example> wrote:",
        "On Wed, 15 Oct 2025 at 09:45, Anna Muster <anna@b.example\n> wrote:",
        "On Wed, Oct 15, 2025\nat 9:45 AM,\nAnna Muster <anna@b.example> wrote:",
        "*On 15 Oct 2025, at 09:45, Anna <anna@b.example> wrote:*",
        "---- On Wed, 15 Oct 2025 14:02:50 +0200 anna@b.example wrote ----",
        "On Wed, 15 Oct 2025 08:14:43 +0200 Anna <anna@b.example> wrote",
        "Am 15.10.2025 um 09:45 schrieb Anna Muster:",
        "Am Mi., 15. Okt. 2025 um 09:45 Uhr schrieb Anna Muster <anna@b.example>:",
        "Am Mi., 15. Okt. 2025 um 09:45 Uhr schrieb Anna Muster <\nanna@b.example>:",
        "Am Mittwoch, 15. Oktober 2025 um 09:45:12 MESZ hat Anna <anna@b.example> Folgendes geschrieben:",
        "Anna Muster <anna@b.example> schrieb am Mi., 15. Okt. 2025, 09:45:",
        "Le mer. 15 oct. 2025 à 09:45, Anna Muster <anna@b.example> a écrit :",
        "Le mer. 15 oct. 2025 à 09:45, Anna Muster <anna@b.example> a\nécrit\u{a0}:",
        "Il giorno mer 15 ott 2025 alle ore 09:45 Anna <anna@b.example> ha scritto:",
        "Il 15/10/2025 09:45, Anna Muster ha scritto:",
        "In data 15 ottobre 2025 09:45:31 \"Anna\" <anna@b.example> ha scritto:",
        "El mié, 15 oct 2025 a las 9:45, Anna (<anna@b.example>) escribió:",
        "Em qua., 15 de out. de 2025 às 09:45, Anna <anna@b.example> escreveu:",
        "Op wo 15 okt. 2025 om 09:45 schreef Anna <anna@b.example>:",
        "Den ons 15 okt. 2025 kl 09:45 skrev Anna <anna@b.example>:",
        "ons. 15. okt. 2025 kl. 09:45 skrev Anna <anna@b.example>:",
        "ke 15. lokak. 2025 klo 9.45 Anna <anna@b.example> kirjoitti:",
        "W dniu 2025-10-15 09:45, Anna <anna@b.example> napisał:",
        "2025-10-15 9:45 GMT+02:00 Anna Muster <anna@b.example>:",
        "Mittwoch, 15. Oktober 2025, 09:45 +0200 von Anna <anna@b.example>:",
    ] {
        check(&format!("Gerne, passt.\n\nGruss\nReto\n\n[CUT]\n{introduction}\n> Hallo Reto\n>\n> Passt Dienstag?\n"));
        check(&format!("Gerne, passt.\n[CUT]\n{introduction}\n\nHallo Reto\n\nPasst Dienstag?\n"));
    }
}

#[test]
fn header_blocks_are_found() {
    for block in [
        "Von: Anna Muster <anna@b.example>\nGesendet: Mittwoch, 15. Oktober 2025 09:45\nAn: Reto\nBetreff: Frage",
        "From: Anna Muster [mailto:anna@b.example]\nSent: Wednesday, October 15, 2025 9:45 AM\nTo: Reto\nCc: X\nSubject: Question",
        "*From:* Anna <anna@b.example>\n*Date:* Wednesday, 15 October 2025\n*To:* Reto\n*Subject:* Question",
        "De : Anna <anna@b.example>\nEnvoyé : mercredi 15 octobre 2025 09:45\nÀ : Reto\nObjet : Question",
        "      De : Anna <anna@b.example>\n À : Reto\n Envoyé le : Mercredi 15 octobre 2025 09h45\n Objet : Question",
        "Da: Anna <anna@b.example>\nInviato: mercoledì 15 ottobre 2025 09:45\nA: Reto\nOggetto: Domanda",
        "Van: Anna\nVerzonden: woensdag 15 oktober 2025 09:45\nAan: Reto\nOnderwerp: Vraag",
        "Fra: Anna\nDato: 15.10.2025 09.45\nTil: Reto\nEmne: Spørsmål",
        "Från: Anna\nSkickat: den 15 oktober 2025\nTill: Reto\nÄmne: Fråga",
        "From: Human Resources\n<a-long-address-of-somebody@b.example>\nSent: Wednesday\nTo: Reto\nSubject: Question",
        "Datum: 15. Oktober 2025\nVon: Anna <anna@b.example>\nAn: Reto\nBetreff: Frage",
        "Von: Anna <anna@b.example> Gesendet: Mittwoch, 15. Oktober 2025 09:45 An: Reto Betreff: Frage",
    ] {
        check(&format!("Danke, nein.\n\n[CUT]\n{block}\n\nHallo Reto\nPasst es?\n"));
        check(&format!("Danke, nein.\n[CUT]\n________________________________\n{block}\n\nHallo Reto\n"));
        check(&format!("Danke, nein.\n\n[CUT]\n-----Ursprüngliche Nachricht-----\n{block}\n\nHallo Reto\n"));
    }
}

#[test]
fn markers_of_originals_and_forwards_are_found() {
    for marker in [
        "-----Original Message-----",
        "----- Original Message -----",
        "-----Ursprüngliche Nachricht-----",
        "-------- Originalnachricht --------",
        "-------- Message d'origine --------",
        "-----Messaggio originale-----",
        "-------- Oprindelig besked --------",
        "---------- Forwarded message ---------",
        "---------- Weitergeleitete Nachricht ---------",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
        "________ Mensaje original ________",
    ] {
        check(&format!("Siehe unten.\n\n[CUT]\n{marker}\n\nHallo\n> alt\nund mehr\n"));
    }
}

#[test]
fn ordinary_text_is_the_authors() {
    for text in [
        "",
        "Hallo",
        "On the other hand, 2 things:\n\nOne thing.",
        "On Thursday:\n\nLorem ipsum.\n\nOn Friday:\n\nLorem.",
        "Am Montag schrieb ich Ihnen am 12.03.2025 um 10:00:\n\nbitte melden",
        "I need mails that come from: a@b.example and from: c@d.example.\nThe data comes From: our database.",
        "Von: Zürich\nNach: Basel\n\nWas kostet das?",
        "Termine:\n15.01.2025 14:30\n2025/01/15 14:30:25\n\nAlle gehen.",
        "See https://b.example/on-2025-date-someone-wrote-about: it is good.",
        "Key points\n----\nOne\n====\nTwo\n________________________________\nThree",
        "Danke!\n\n-- \nReto Müller\nFirma AG\n\nVon meinem iPhone gesendet",
        "The ticket said: call me at 10:30 tomorrow, she wrote and left.",
        "Preis: 5\nDatum: morgen\nBitte melden.",
    ] {
        check_all_own(text);
    }
}

#[test]
fn inline_answers_stay_in_their_context() {
    check_all_own(
        "On Dec 15, 2024, at 2:00 PM, Jane <j@b.example> wrote:\n> Option A?\n\nGreat.\n\n> Option B?\n\nNo.\n\n> C?\n\nNo.",
    );
    check("Hallo,\n\n> Passt Dienstag?\nJa.\n> Um zehn?\nLieber elf.\n[CUT]\n> Gruss\n> Anna\n");
    check("Hallo,\n\n> Passt Dienstag?\n\nJa.\n\n-- \nReto\n[CUT]\n\nOn 15 Oct 2025 Anna wrote:\n> alt\n");
}

#[test]
fn an_answer_below_one_quotation_stands_alone() {
    let split = split_quoted("Am 15.10.2025 um 09:45 schrieb Anna:\n> Passt Dienstag?\n> Anna\n\nJa, gerne.\n\nReto\n");
    assert_eq!(split.own, "Ja, gerne.\n\nReto");
    assert_eq!(split.quoted, "Am 15.10.2025 um 09:45 schrieb Anna:\n> Passt Dienstag?\n> Anna");
    let split = split_quoted("> Passt Dienstag?\n\nJa.\n\nVon: A\nGesendet: B\nAn: C\nBetreff: D\n\nalt");
    assert_eq!(
        (split.own.as_str(), split.quoted.as_str()),
        ("Ja.", "> Passt Dienstag?\n\nVon: A\nGesendet: B\nAn: C\nBetreff: D\n\nalt")
    );
}

#[test]
fn signatures_and_wraps_below_a_quotation_do_not_pull_it_up() {
    check("Danke!\n[CUT]\n\n2013.02.08. 7:31 \"Anna\" <a@b.example> írta:\n> Hallo\n\n-- \nReto\nr@b.example\n");
    check("Danke!\n[CUT]\n\nOn 15 Oct 2025 Anna wrote:\n> Hallo\n\nSent from my iPhone\n");
    check(
        "Danke!\n[CUT]\n\nOp 12 december 2016 19:05 schreef Anna <\na@b.example>:\n\n> In efficitur augue ac tristique \
         ullamcorper. Aenean tincidunt ornare,\neget accumsan est viverra quis.\n>\n",
    );
    check("Danke!\n[CUT]\n> Hallo\n");
    assert_eq!(split_quoted("> nur\n> Zitat").own, "");
    assert_eq!(split_quoted("-----Original Message-----\nFrom: a\n\ntext").own, "");
}

#[test]
fn snippets_show_the_first_words() {
    let text = "\n\n> alt\n-----\nHallo   Anna,\r\n\r\nDienstag passt\tgut. 😀\n-- \nReto";
    assert_eq!(snippet(text, 100), "Hallo Anna, Dienstag passt gut. 😀");
    assert_eq!(snippet(text, 22), "Hallo Anna, Dienstag…");
    assert_eq!(snippet(text, 11), "Hallo Anna,");
    assert_eq!(snippet(text, 5), "Hallo");
    assert_eq!(snippet(text, 4), "Hal…");
    assert_eq!(snippet(text, 1), "…");
    assert_eq!(snippet(text, 0), "");
    assert_eq!(snippet(" \n > x\n --- ", 10), "");
    assert_eq!(snippet("👍", 10), "👍");
    assert_eq!(snippet("ae\u{301}e\u{301}x", 4), "ae\u{301}…");
}

#[test]
fn subjects_are_the_same_without_their_prefixes() {
    for subject in [
        "Frage zum Angebot",
        "Re: Frage zum Angebot",
        "RE : frage  zum\tANGEBOT ",
        "AW: WG: Antw: Fwd: FW: TR: R: I: Rif: SV: VS: RES: Frage zum Angebot",
        "Re[2]: Re(3): Re^4^: Frage zum Angebot",
        "[EXTERN] Re: [External] AW: (extern) *EXT* Frage zum Angebot",
        "[EXTERNAL EMAIL]: Re：Frage zum Angebot",
        "Automatische Antwort: Frage zum Angebot",
        "\u{feff}Re:\u{200b}Frage\u{a0}zum Angebot",
    ] {
        assert_eq!(subject_key(subject), "frage zum angebot", "{subject}");
    }
    assert_eq!(subject_key("Re: [Liste] AW: Frage"), "[liste] frage");
    assert_eq!(subject_key("[Liste] Re: [Liste] Frage"), "[liste] frage");
    assert_eq!(subject_key("Strasse"), subject_key("STRAßE"));
    assert_eq!(subject_key("Mu\u{308}ller"), subject_key("MÜLLER"));
    for subject in ["Termin: Dienstag", "Restaurant: ja", "I am here", "3: zwei", "R&D: Plan", "[x"] {
        assert_eq!(subject_key(subject), subject.to_lowercase());
    }
    assert_eq!(subject_key("Re: "), "");
}

#[test]
fn html_becomes_text() {
    for (html, text) in [
        ("<p>Hallo&nbsp;Anna,</p><p>passt &amp; gut.<br>Gruss</p>", "Hallo Anna,\n\npasst & gut.\nGruss"),
        ("<div>a</div><div><br></div><div>b  \n c</div>", "a\n\nb c"),
        ("a<br><br><br><br>b", "a\n\nb"),
        ("<b>fe</b>tt und <i>k</i>", "fett und k"),
        ("<ul><li>eins</li><li>zwei<ol><li>x<li>y</ol></ul>z", "- eins\n- zwei\n  1. x\n  2. y\n\nz"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("<style>p{}</style><script>x()</script><title>t</title>ok<!-- no -->", "ok"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n> > b\nc"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("x<hr>y", "x\n----------\ny"),
        ("a &lt;b&gt; &copy; &#8364;", "a <b> © €"),
        ("<p>&nbsp;</p>", ""),
        ("", ""),
    ] {
        assert_eq!(text_from_html(html), text, "{html}");
    }
    let gmail = "<div dir=\"ltr\">Gerne.</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">Am Mi., 15. Okt. 2025 \
                 um 09:45&nbsp;Uhr schrieb Anna &lt;<a href=\"mailto:a@b.example\">a@b.example</a>&gt;:<br></div>\
                 <blockquote class=\"gmail_quote\"><div>Passt es?</div></blockquote></div>";
    let split = split_quoted(&text_from_html(gmail));
    assert_eq!(split.own, "Gerne.");
    assert!(split.quoted.starts_with("Am Mi.") && split.quoted.ends_with("\n> Passt es?"), "{}", split.quoted);
}

#[test]
fn hostile_html_is_read_in_bounded_time() {
    let start = Instant::now();
    assert_eq!(text_from_html(&format!("{}x &auml; &#x41;", "<div>".repeat(50_000))), "x ä A");
    for hostile in [
        "<blockquote>".repeat(80_000) + "x",
        "<table><tr><td>".repeat(30_000),
        "<table>".to_owned() + &"<tr><td>x</td></tr>".repeat(10_000),
        "<ol><li>".repeat(100_000) + "x",
        "&".repeat(200_000),
        "<".repeat(200_000),
        "<style>".repeat(100_000),
        "<!--".repeat(200_000),
    ] {
        assert!(text_from_html(&hostile).len() < 4 << 20);
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

#[test]
fn a_megabyte_is_split_in_linear_time() {
    let pieces = [
        "> x\n",
        "x\n",
        "\n",
        "On 1 wrote:\n",
        "On 12:30 a@b wrote\n",
        "From: x\n",
        "From: x\nSent: y\n",
        ">\nx\n",
        "-----\n",
        "x\n\n\n\n",
        "Am 1 schrieb\n",
        "[a] ",
        "Re: ",
        "a:",
    ];
    let start = Instant::now();
    let all: String = pieces.iter().map(|piece| piece.repeat(100_000 / piece.len())).collect();
    assert!(all.len() > 1_000_000);
    for text in pieces.iter().map(|piece| piece.repeat(100_000 / piece.len())).chain([all]) {
        let split = split_quoted(&text);
        assert!(split.own.len() + split.quoted.len() <= text.len() + 2);
        assert!(snippet(&text, 100).chars().count() <= 100);
        assert!(subject_key(&text).len() <= text.len());
        split_quoted(&text.replace('\n', " "));
    }
    assert!(start.elapsed() < Duration::from_mins(1), "{:?}", start.elapsed());
}

fn mail_lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "Hallo Anna,",
        "",
        "",
        "> alt",
        ">",
        "> > älter",
        "On Wed, 15 Oct 2025 at 09:45, Anna <a@b.example> wrote:",
        "Am 15.10.2025 schrieb Anna",
        "<a@b.example>:",
        "-- ",
        "Reto",
        "-----Original Message-----",
        "From: x",
        "Sent: y",
        "Subject: z",
        "____________",
        "  eingerückt",
        "Sent from my iPhone",
        "> wrote:",
        "\u{feff}",
        "\0",
    ]);
    prop::collection::vec(line, 0..25).prop_map(|lines| lines.join("\n"))
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'))
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words
}

proptest! {
    #[test]
    fn splitting_loses_nothing(text in mail_lines()) {
        let split = split_quoted(&text);
        let both = format!("{}\n{}", split.own, split.quoted);
        prop_assert_eq!(words(&both), words(&text));
        let again = split_quoted(&split.own);
        prop_assert!(again.own.len() <= split.own.len());
    }

    #[test]
    fn any_text_is_taken(text in any::<String>(), max_chars in 0_usize..50) {
        split_quoted(&text);
        prop_assert!(snippet(&text, max_chars).chars().count() <= max_chars);
        let key = subject_key(&text);
        prop_assert_eq!(subject_key(&key), key);
        text_from_html(&text);
    }

    #[test]
    fn subject_keys_repeat(text in "((re|AW|Fwd|[A-Z])(\\[1\\])? ?:|\\[EXTERN\\]|\\[[a-z]\\]|[*()\\[\\]:]|ß|İ|Σ|[a-z ]){0,12}") {
        let key = subject_key(&text);
        prop_assert_eq!(subject_key(&key), key);
    }

    #[test]
    fn any_markup_is_read(html in "(<(p|div|b|blockquote|table|td|li|ul|br|pre|a href=\"x>\"|style)/?>|</(p|div|b|table|style)>|<!--|-->|&amp;|&#1|x| |\n){0,40}") {
        text_from_html(&html);
    }
}
