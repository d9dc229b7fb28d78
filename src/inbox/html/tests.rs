//! Tests of the sanitiser: what stays, what goes, and a collection of attacks.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Images, Sanitised, frame_csp, page, random_nonce, sanitise};
use crate::inbox::markup::{Token, Tokens};
use crate::inbox::text::text_from_html;

fn clean(html: &str) -> String {
    sanitise(html, Images::Allowed).html
}

/// Asserts on the tags of the output, not on its text: escaped text may say anything.
fn assert_harmless(html: &str, source: &str) {
    for token in Tokens::new(html) {
        match token {
            Token::Comment(comment) => panic!("comment {comment} from {source}"),
            Token::Text(_) => {}
            Token::End(name) => assert!(super::TAGS.contains(&name), "</{name}> from {source}"),
            Token::Start(tag) => {
                assert!(super::TAGS.contains(&tag.name), "<{}> from {source}", tag.name);
                for (name, value) in tag.attributes() {
                    assert_harmless_attribute(tag.name, name, value, source);
                }
            }
        }
    }
}

fn assert_harmless_attribute(tag: &str, name: &str, value: &str, source: &str) {
    let lower = value.to_lowercase();
    let listed = super::TAG_ATTRIBUTES.iter().any(|(known, names)| *known == tag && names.contains(&name));
    let added = matches!((tag, name), ("a", "rel" | "target") | ("img", "class"));
    assert!(super::ATTRIBUTES.contains(&name) || listed || added, "{tag} {name} from {source}");
    match name {
        "href" => {
            let is_known =
                ["http:", "https:", "mailto:", "tel:"].iter().any(|scheme| lower.trim_start().starts_with(scheme));
            assert!(is_known, "{value} from {source}");
        }
        "src" => {
            let is_known = ["http://", "https://", "data:image/"].iter().any(|scheme| lower.starts_with(scheme));
            assert!(is_known && !lower.contains("svg"), "{value} from {source}");
        }
        "style" => {
            for bad in [
                "url",
                "expression",
                "import",
                "@",
                "\\",
                "position",
                "behavio",
                "binding",
                "javascript",
                "/*",
                "<",
                "image-set",
            ] {
                assert!(!lower.contains(bad), "{value} from {source}");
            }
        }
        "class" => assert_eq!(value, "blocked-image"),
        _ => {}
    }
}

const ATTACKS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x/y.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script >",
    "<script\u{0}>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://a/b.png' onload=alert(1) OnError=\"alert(1)\">",
    "<img/src=x/onerror=alert(1)>",
    "<img src=`x`onerror=alert(1)>",
    "<img src=x:x onerror\n=\nalert(1)>",
    "<img \"\"\"><script>alert(1)</script>\">",
    "<img src=javascript:alert(1)>",
    "<img src=\"data:image/svg+xml;base64,PHN2Zy8+\">",
    "<img src=\"data:text/html;base64,PHNjcmlwdD4=\">",
    "<img src=\"data:image/png,<script>\">",
    "<img src=\"data:image/png;base64,AA\" srcset=\"https://x/y 2x\" lowsrc=javascript:1 dynsrc=x usemap=#m longdesc=x>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\" \u{1}javascript:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"java\nscript:alert(1)\">x</a>",
    "<a href=\"&#106;avascript&colon;alert(1)\">x</a>",
    "<a href=\"&#x6A&#x61vascript:alert(1)\">x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<a href=\"&Tab;javascript&colon;alert&lpar;1&rpar;\">x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href=livescript:x>x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<a href=\"data:image/png;base64,AA\">x</a>",
    "<a href=\"file:///etc/passwd\">x</a>",
    "<a href=\"blob:https://x/1\">x</a>",
    "<a href=\"//evil.example\">x</a>",
    "<a href=\"/relative\">x</a>",
    "<a href=\"#top\">x</a>",
    "<a href=\"https:evil\" ping=https://x download target=_self rel=opener onclick=alert(1)>x</a>",
    "<a xlink:href=javascript:alert(1)>x</a>",
    "<a href=https://x style=\"position:fixed;inset:0;z-index:9\">x</a>",
    "<base href=https://evil/><a href=x>x</a>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<link rel=stylesheet href=https://x/y.css>",
    "<link rel=preload as=image href=https://x/y>",
    "<style>@import url(https://x)</style>",
    "<style><img src=x onerror=alert(1)></style>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<div style=\"background:URL( 'https://x/y.png' )\">x</div>",
    "<div style=\"background:u\\72l(https://x)\">x</div>",
    "<div style=\"background-image:image-set('https://x' 1x)\">x</div>",
    "<div style=\"color:red;background:/**/url(https://x)\">x</div>",
    "<div style=\"width:expression(alert(1))\">x</div>",
    "<div style=\"width:exp/**/ression(alert(1))\">x</div>",
    "<div style=\"behavior:url(x.htc);-moz-binding:url(x#y)\">x</div>",
    "<div style=\"font-family:'x';}</style><script>alert(1)</script>\">x</div>",
    "<div style=\"color:&quot;><script>alert(1)</script>\">x</div>",
    "<div style=\"@import 'x';color:var(--x,url(https://x))\">x</div>",
    "<div style=\"list-style:url(https://x);cursor:url(https://x)\">x</div>",
    "<div style=\"content:attr(title);animation:x 1s;filter:url(#x)\">x</div>",
    "<div style=\"color:red;position\u{0}:fixed;POSITION:fixed;posi\\tion:absolute\">x</div>",
    "<body onload=alert(1) background=https://x/y.png>x",
    "<table background=\"https://x/y.png\"><tr><td background=javascript:alert(1)>x</td></tr></table>",
    "<iframe src=javascript:alert(1) srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<frameset><frame src=javascript:alert(1)></frameset>",
    "<object data=javascript:alert(1)><param name=x><embed src=x></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<form action=javascript:alert(1)><input type=submit formaction=javascript:alert(1)><button onclick=alert(1)>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "<isindex action=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<video poster=https://x src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x>x</a></svg>",
    "<svg><set attributeName=onload to=alert(1)>",
    "<svg><use href=\"data:image/svg+xml,<svg/>#x\"/></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>",
    "<svg><title><a title=\"</title><img src=x onerror=alert(1)>\">x",
    "<svg><desc><noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mtext><table><mglyph><style><math><img src=x onerror=alert(1)></style>",
    "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">x</math>",
    "<math href=javascript:alert(1)>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
    "<noembed><p title=\"</noembed><img src=x onerror=alert(1)>\">",
    "<noframes><p title=\"</noframes><img src=x onerror=alert(1)>\">",
    "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
    "<title><p title=\"</title><img src=x onerror=alert(1)>\">",
    "<plaintext><img src=x onerror=alert(1)>",
    "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    "<template><script>alert(1)</script></template>",
    "<template><img src=x onerror=alert(1)></template>",
    "<div id=x name=y class=z data-x=1 contenteditable autofocus tabindex=1 accesskey=x slot=s is=x>x</div>",
    "<img id=getElementById name=body src=https://x/y.png>",
    "<a id=defaultView><a id=defaultView name=x href=https://x>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--- --!><img src=x onerror=alert(1)> -->",
    "<!-- --><img src=x onerror=alert(1)>",
    "<![if gte IE 4]><script>alert(1)</script><![endif]>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<?xml version=1.0?><script>alert(1)</script>",
    "<!DOCTYPE x [<!ENTITY y \"<script>\">]>&y;",
    "<p title='<img src=x onerror=alert(1)>'>x</p>",
    "<p title=\"&quot;><img src=x onerror=alert(1)>\">x</p>",
    "<p title=\"`><img src=x onerror=alert(1)>\">x</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;img src=x onerror=alert(1)&amp;gt;",
    "<b <script>alert(1)</script>0",
    "<p/onclick=alert(1)/x='<img src=x onerror=alert(1)>'>x",
    "</p onclick=alert(1)><p",
    "<a href='https://x'\"onmouseover=alert(1)>x</a>",
    "<a href=https://x/'onmouseover='alert(1)>x</a>",
    "<font color=\"red;x:url(y)\" face=\"x';alert(1)\" size=\"+1 onload=x\">x</font>",
    "<td width=\"expression(alert(1))\" bgcolor=\"url(x)\">",
    "<image src=x onerror=alert(1)>",
    "<o:p onclick=alert(1)>x</o:p><v:rect style=\"behavior:url(#default#VML)\">",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "<\u{ff53}cript>alert(1)</script>",
    "<table><tr><td><table><script>alert(1)</script></table><img src=x onerror=alert(1)>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<a href=\"https://x/?a=1&quot; onclick=&quot;alert(1)\">x</a>",
    "<dialog open><button popovertarget=x>y</dialog>",
];

#[test]
fn attacks_are_disarmed() {
    for attack in ATTACKS {
        for images in [Images::Allowed, Images::Blocked] {
            for html in [
                (*attack).to_owned(),
                format!("<div>a{attack}b</div>"),
                format!("<table><tr><td>{attack}"),
                format!("{}{attack}", "&#x3C;".repeat(80)),
            ] {
                let once = sanitise(&html, images).html;
                assert_harmless(&once, attack);
                let twice = sanitise(&once, images).html;
                assert_harmless(&twice, attack);
                text_from_html(&html);
            }
        }
    }
}

#[test]
fn attacks_in_pairs_are_disarmed() {
    for (at, attack) in ATTACKS.iter().enumerate() {
        let other = ATTACKS[(at * 7 + 3) % ATTACKS.len()];
        let html = format!("{attack}{other}{attack}");
        assert_harmless(&clean(&html), &html);
    }
}

#[test]
fn presentational_mail_stays() {
    for html in [
        "<p>Hallo <b>Anna</b>,<br>passt <i>gut</i>.</p>",
        "<h1>T</h1><ul><li>a</li><li>b</li></ul><ol start=\"3\"><li>c</li></ol>",
        "<blockquote>alt</blockquote><pre>x  y</pre><hr>",
    ] {
        assert_eq!(clean(html), html);
    }
    let table =
        clean("<table width=100% border=0 cellpadding=2><tr><td bgcolor=#fff valign=top colspan=2>x</td></tr></table>");
    for part in
        ["width=\"100%\"", "border=\"0\"", "cellpadding=\"2\"", "bgcolor=\"#fff\"", "valign=\"top\"", "colspan=\"2\""]
    {
        assert!(table.contains(part), "{table}");
    }
    let link = clean("<a href=\"HTTPS://b.example/?a=1&b=2\" title=t>x</a>");
    for part in [
        "href=\"HTTPS://b.example/?a=1&amp;b=2\"",
        "rel=\"noopener noreferrer nofollow\"",
        "target=\"_blank\"",
        "title=\"t\"",
    ] {
        assert!(link.contains(part), "{link}");
    }
    for link in ["mailto:a@b.example?subject=x", "tel:+41791234567", "http://b.example"] {
        assert!(clean(&format!("<a href=\"{link}\">x</a>")).contains(&format!("href=\"{link}\"")), "{link}");
    }
    assert_eq!(clean("<html><head><title>t</title></head><body class=x><o:p>Text</o:p></body></html>"), "Text");
    assert_eq!(clean("<form>Frage <button>x</button></form>"), "Frage x");
    assert_eq!(clean("<u>a &amp; b &lt; c</u>"), "<u>a &amp; b &lt; c</u>");
}

#[test]
fn styles_keep_what_is_safe() {
    for (style, kept) in [
        ("color:red", "color:red"),
        ("COLOR : #FF0000 ; Margin:0 0 1em 0!important", "color:#ff0000;margin:0 0 1em 0!important"),
        ("background:rgb(1,2,3)", "background:rgb(1,2,3)"),
        ("font-family:'Segoe UI', \"Arial\",sans-serif", "font-family:segoe ui,arial,sans-serif"),
        ("width:calc(100% - 10px)", "width:calc(100% - 10px)"),
        ("color:red;position:absolute;top:0;left:0;z-index:1", "color:red"),
        ("color:red;background:url(x;y:z);width:1px", "color:red;width:1px"),
        (
            "mso-style:x;border:solid windowtext 1.0pt;padding:0cm 5.4pt",
            "border:solid windowtext 1.0pt;padding:0cm 5.4pt",
        ),
        ("color", ""),
        ("color:", ""),
        ("color:rgb(1", ""),
        ("color:)rgb(1", ""),
        ("color:foo(1)", ""),
    ] {
        let html = clean(&format!("<p style='{}'>x</p>", style.replace('\'', "&#39;")));
        let squeezed = html.replace(", ", ",").replace(" !", "!").replace("! ", "!").replace(" ,", ",");
        let expected = if kept.is_empty() { "<p>x</p>".to_owned() } else { format!("<p style=\"{kept}\">x</p>") };
        assert_eq!(squeezed, expected, "{style}");
    }
}

#[test]
fn images_are_shown_blocked_or_dropped() {
    let remote = "a<img src=\"https://b.example/x.png?a=1&b\" alt=\"Lo'go\" width=100 height=50>b";
    let blocked = sanitise(remote, Images::Blocked);
    assert!(blocked.has_remote_images);
    assert!(
        blocked.html.contains("class=\"blocked-image\"") && blocked.html.contains("alt=\"Lo'go\""),
        "{}",
        blocked.html
    );
    assert!(!blocked.html.contains("src") && blocked.html.starts_with('a') && blocked.html.ends_with('b'));
    let allowed = sanitise(remote, Images::Allowed);
    assert!(
        allowed.has_remote_images && allowed.html.contains("src=\"https://b.example/x.png?a=1&amp;b\""),
        "{}",
        allowed.html
    );

    let inline = "<img src=\"data:image/PNG;base64,iVBORw0KGgo=\" alt=x>";
    let shown = sanitise(inline, Images::Blocked);
    assert!(
        !shown.has_remote_images && shown.html.contains("src=\"data:image/PNG;base64,iVBORw0KGgo=\""),
        "{}",
        shown.html
    );

    for pixel in [
        "width=1 height=1",
        "width=\"1px\" height=1",
        "height=0",
        "width=0",
        "style=\"width:1px;height:1px\"",
        "style=display:none",
        "style=\"visibility:hidden\"",
        "style=\"opacity:0\"",
        "style=\"max-height:0\"",
        "style=\"height: 0 !important\"",
        "width=0.5",
        "style=\"display: none !important\"",
    ] {
        for images in [Images::Allowed, Images::Blocked] {
            let html = format!("<p>x<img src=https://t.example/open.gif alt=pixel {pixel}></p>");
            assert_eq!(
                sanitise(&html, images),
                Sanitised { html: "<p>x</p>".to_owned(), has_remote_images: false },
                "{pixel}"
            );
        }
    }
    assert_eq!(clean("<img src=cid:1 alt=\"Bild 1\">"), "<img class=\"blocked-image\" alt=\"Bild 1\">");
    assert_eq!(clean("<img src=cid:1><img><img alt=' '>"), "");
    assert!(clean("<img src=https://x/y.png width=100% style=\"width:100%;opacity:1\">").contains("src="));
}

#[test]
fn text_that_looks_like_an_image_stays_text() {
    let html = "<p title=\"<img src=https://x>\">&lt;img src=https://x&gt;</p>";
    let cleaned = sanitise(html, Images::Blocked);
    assert!(!cleaned.has_remote_images);
    assert!(cleaned.html.contains("&lt;img src=https://x&gt;</p>"), "{}", cleaned.html);
}

#[test]
fn pages_stand_alone() {
    let sanitised = sanitise("<p>Hallo</p>", Images::Blocked);
    let html = page(&sanitised, "abc");
    assert!(
        html.starts_with("<!doctype html><html class=\"plain\">") && html.ends_with("<body><p>Hallo</p></body></html>")
    );
    assert!(html.contains("<style nonce=\"abc\">"));
    assert!(page(&sanitise("<p style=color:red>x</p>", Images::Blocked), "abc").contains("class=\"coloured\""));
    for (images, sources) in [(Images::Blocked, "img-src data:;"), (Images::Allowed, "img-src data: https: http:;")] {
        let csp = frame_csp(images, "abc");
        for part in [
            "default-src 'none';",
            "style-src 'nonce-abc';",
            sources,
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        ] {
            assert!(csp.contains(part), "{csp}");
        }
        assert!(csp.ends_with("sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin"));
        assert!(!csp.contains("allow-scripts") && !csp.contains("  ") && !csp.contains("unsafe-"), "{csp}");
    }
    assert_ne!(random_nonce(), random_nonce());
}

/// What a page has between its own rules and its end.
fn shown(html: &str, images: Images) -> String {
    let html = page(&sanitise(html, images), "abc");
    html.split_once("html.coloured{color-scheme:light}}").unwrap().1.to_owned()
}

#[test]
fn styles_are_classes_of_one_sheet() {
    let mail = "<p style=\"COLOR: red; position:fixed\">a</p><b style=color:red title=\" style=\">b</b> style=\"x\"\
                <i style=\"margin:0 0 1em 0!important\">c</i><u style=position:fixed>d</u>";
    assert_eq!(
        shown(mail, Images::Blocked).replace(" ! important", "!important"),
        ".s0{color:red;}.s1{margin:0 0 1em 0!important;}</style></head><body><p class=\"s0\">a</p>\
         <b class=\"s0\" title=\" style=\">b</b> style=\"x\"<i class=\"s1\">c</i><u>d</u></body></html>"
            .replace(";}", "}")
    );
    let image = "<img src=https://x/y.png alt=z style=\"border:1px solid\">";
    assert!(shown(image, Images::Blocked).contains("<img class=\"blocked-image s0\" alt=\"z\">"));
    assert!(shown(image, Images::Allowed).contains("<img class=\"s0\" src="));
}

/// The pages of all attacks: no style attribute is left, and no rule gets out of its class.
#[test]
fn no_style_attribute_is_left_and_no_rule_escapes() {
    let legitimate = (0..50).map(|at| format!("<p style=\"width:{at}px\">")).collect::<Vec<_>>().concat();
    for attack in ATTACKS.iter().copied().chain([legitimate.as_str()]) {
        let html = shown(&format!("<div style=\"color:red\">{attack}</div>"), Images::Allowed);
        let (rules, body) = html.split_once("</style></head>").unwrap();
        for token in Tokens::new(body) {
            if let Token::Start(tag) = token {
                assert!(tag.attributes().all(|(name, _)| name != "style"), "{attack} gave {body}");
            }
        }
        for (number, rule) in rules.split_terminator('}').enumerate() {
            let declarations = rule.strip_prefix(&format!(".s{number}{{")).unwrap_or_else(|| panic!("{rules}"));
            assert_eq!(super::css::filter(declarations), declarations, "{attack}");
            assert!(!declarations.contains(['{', '<', '@', '\\', '"']), "{attack} gave {rules}");
        }
    }
}

#[test]
fn deep_nesting_does_not_overflow_a_small_stack() {
    let run = || {
        for tag in [
            "div",
            "b",
            "blockquote",
            "span",
            "table><tr><td",
            "ul><li",
            "svg",
            "math",
            "a href=https://x",
            "font",
            "p",
            "select",
            "x",
        ] {
            let html = format!("{}x", format!("<{tag}>").repeat(100_000));
            let sanitised = sanitise(&html, Images::Blocked);
            assert!(sanitised.html.len() < 16 << 20, "{tag}");
            text_from_html(&html);
        }
        let html = format!("{}x{}", "<div>".repeat(390), "</div>".repeat(390));
        assert_eq!(clean(&html), html);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn what_the_parser_must_not_see_is_shown_as_text() {
    let html = format!("{}a &amp; b<script>x</script><br>c", "<i><u>".repeat(1_000));
    assert_eq!(
        sanitise(&html, Images::Allowed),
        Sanitised { html: "<pre>a &amp; b\nc</pre>".to_owned(), has_remote_images: false }
    );
}

#[test]
fn sloppy_mail_is_not_mistaken_for_an_attack() {
    let quoted = format!("{}x{}", "<blockquote><div dir=ltr>".repeat(60), "</div></blockquote>".repeat(60));
    let cells = format!("<table>{}</table>", "<tr><td><font color=red>x<td><p>y".repeat(3_000));
    let paragraphs = "<p><font face=x><span>y</font><p class=MsoNormal><b>z</p>".repeat(1_000);
    let items = "<ul><li>x<li><b>y</b><ul><li>z</ul></ul>".repeat(2_000);
    let entities = "<p>".to_owned() + &"&#1076;&nbsp;".repeat(10_000) + "</p>";
    let mso =
        "<!--[if mso]><table><tr><td><![endif]--><div>x</div><!--[if mso]></td></tr></table><![endif]-->".repeat(1_000);
    for html in [quoted, cells, paragraphs, items, entities, mso] {
        assert!(!clean(&html).starts_with("<pre>"), "{}", html.chars().take(60).collect::<String>());
    }
    let references = "&#1076; &amp;".repeat(500);
    assert_eq!(clean(&references), "д &amp;".repeat(500));
}

fn numbered(count: usize, before: &str, after: &str) -> String {
    let numbers: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    format!("{before}{}{after}", numbers.join(&format!("{after}{before}")))
}

#[test]
fn hostile_markup_is_bounded() {
    let formatting = numbered(300, "<b id=", ">");
    for html in [
        format!("<p>{formatting}</p>{}", "<p>x</p>".repeat(50_000)),
        format!("<a {}>", numbered(100_000, "a", " ")),
        "<html a=1 b=2>".repeat(50_000),
        format!("<table>{}", "<i>x</i>".repeat(50_000)),
        "<table><i>".repeat(50_000),
        format!("<textarea>{}", "&x ".repeat(100_000)),
        "&x ".repeat(200_000),
        "<a href=https://x>".repeat(50_000),
        "<img src=https://x alt=x>".repeat(40_000),
        "<p style=\"color:red;\u{e4}:1\">".repeat(30_000),
        format!("<p style=\"{}\">", "color:red;".repeat(100_000)),
        "<div><table></div>".repeat(50_000),
        "<svg><foreignObject><div></svg>".repeat(30_000),
    ] {
        let start = Instant::now();
        let sanitised = sanitise(&html, Images::Blocked);
        assert!(sanitised.html.len() < 16 << 20);
        let name = html.chars().take(40).collect::<String>();
        assert!(start.elapsed() < Duration::from_secs(30), "{name} took {:?}", start.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_markup_is_harmless_and_settles(html in "(<(p|div|b|i|a href=\"https://x\"|img src=https://x alt=y|table|tr|td|svg|math|mtext|style|title|noscript|template|select|p title=\"<img>\"|script|li|ul|br)/?>|</(p|div|b|i|a|table|td|svg|math|style|title|noscript|select|ul)>|<!--|-->|&lt;|&#60;|<|\"|'|x| onload=y |\n){0,30}") {
        let once = clean(&html);
        assert_harmless(&once, &html);
        let twice = clean(&once);
        assert_harmless(&twice, &html);
        text_from_html(&html);
    }

    #[test]
    fn any_text_is_taken(html in any::<String>()) {
        assert_harmless(&clean(&html), &html);
    }

    #[test]
    fn repeated_patterns_are_bounded(pattern in "(<(p|div|b|i|a|font|table|tr|td|caption|svg|math|mi|foreignObject|object|select|option|button|li|ul|dd|span|nobr|template|form|h1|html|marquee|x)>|</(p|div|b|a|font|table|tr|td|svg|object|select|button|li|span|nobr|form|h1|body|br)>|x|&x;){1,6}") {
        let html = pattern.repeat(20_000 / pattern.len());
        let start = Instant::now();
        let sanitised = clean(&html);
        prop_assert!(start.elapsed() < Duration::from_secs(30), "{} took {:?}", pattern, start.elapsed());
        prop_assert!(sanitised.len() < 8 << 20, "{} gave {}", pattern, sanitised.len());
    }
}
