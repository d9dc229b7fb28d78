// Development stand-in for the Salesbrain server: serves dist with the production CSP and the API contract with made-up data.
// Controls: ?state via POST /mock {mode:"data"|"empty"|"error", setup:bool, role, rate}. Never shipped.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { WebSocketServer } from "ws";

const PORT = Number(process.env.PORT ?? 4100);
const DIST = path.resolve(import.meta.dirname, "../dist");
const control = { mode: "data", setup: false, code: false, role: "owner", rate: 0, signedIn: true, language: "en", theme: "auto", delay: 0 };
let seed = 7;
const random = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
const pick = (list) => list[Math.floor(random() * list.length)];
const id = (kind, n) => { const h = createHash("sha1").update(kind + n).digest("hex"); return `${h.slice(0, 8)}-${h.slice(8, 12)}-7${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`; };
const NOW = Date.now();
const DAY = 86_400_000;
const FIRST = ["Anna", "Jürg", "Beatrice", "Marco", "Sophie", "Thomas", "Elena", "Lukas", "Chiara", "Peter", "Miriam", "Urs", "François", "Nadja", "Oliver", "Ümit", "Katharina", "Reto"];
const LAST = ["Keller", "Müller", "Bianchi", "Schneider", "Lefèvre", "Meier", "Zimmermann", "Rossi", "Huber", "Brunner", "Weber", "Steiner", "Gerber", "Vontobel", "Özdemir", "von Allmen-Hürlimann"];
const FIRMS = ["Helvetia Logistik AG", "Alpentech GmbH", "Rossi & Figli SA", "Nordlicht Software GmbH", "Müller Metallbau AG", "Bergwerk Consulting", "Seeblick Treuhand", "Kraftwerk Energie AG", "Lumière Médias SA", "Donaudampfschifffahrtsgesellschaft mbH & Co. KG", "Contour Robotics", "Blau & Partner", ""];
const SUBJECTS = ["Kurze Frage zu Ihrer Logistikplanung", "Re: Termin nächste Woche", "Quick question about your outbound team", "Question rapide sur votre prospection", "Re: Angebot für 12 Arbeitsplätze", "Ihre Anfrage vom Montag", "Re: Intro: Salesbrain × Alpentech", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung", "Una domanda sul vostro processo di vendita", "Re: Demo am Donnerstag um 14 Uhr", "Following up on our call"];
const REPLIES = ["Guten Tag, das klingt interessant. Können wir nächste Woche telefonieren? Dienstag oder Donnerstag nach 14 Uhr passt mir gut.", "Thanks for reaching out. We are evaluating two vendors at the moment, please send me your pricing for 25 seats.", "Ich bin nicht mehr für den Einkauf zuständig. Bitte wenden Sie sich an Frau Zimmermann.", "Bonjour, merci pour votre message. Pouvez-vous m'envoyer plus d'informations sur https://example.com/tarifs ?", "Wir haben aktuell keinen Bedarf. Melden Sie sich gerne im Frühling wieder.", "Sounds good, Thursday 2 pm works. I'll bring our head of operations.", "Bitte nehmen Sie mich von Ihrer Liste.", "Ich bin bis 4. Dezember abwesend und lese meine E-Mails nicht. In dringenden Fällen hilft Ihnen info@example.ch."];
const PITCH = "Guten Tag {{name}}\n\nich habe gesehen, dass Sie Ihr Lager in Winterthur ausbauen. Drei Ihrer Nachbarn planen ihre Touren inzwischen in einem Drittel der Zeit.\n\nHätten Sie nächste Woche 15 Minuten für ein kurzes Gespräch?\n\nFreundliche Grüsse\nAnna Vontobel";
const CATS = [["reply", 1, null], ["interested", 3, 1], ["neutral", 2, null], ["meeting_booked", 1, 2], ["out_of_office", 2, 0], ["not_interested", 2, -1], ["wrong_person", 1, -2], ["custom", 1, null], ["bounced", 0.4, null], ["unsubscribed", 0.5, null], ["won", 0.3, 4], ["auto_reply", 0.5, null]];
const catBag = CATS.flatMap((c) => Array.from({ length: Math.ceil(c[1] * 3) }, () => c));
const mailboxes = [["anna@vertrieb-nord.ch", "active", null], ["anna.vontobel@salesbrain-outreach.com", "active", null], ["kontakt@nordlicht-beispiel.de", "error", "SMTP authentication failed: 535 5.7.8 Username and password not accepted"], ["team@brand-new.ch", "unknown", null], ["info@suspended-sender.ch", "suspended", "Bounce rate above 8 % on 18 November"]].map(([address, state, reason], n) => ({ id: id("mb", n), address, state, state_reason: reason ?? "", state_at_ms: NOW - n * DAY, counters: { sent: 4200 - n * 700, received: 310 - n * 40, auto_replied: 52, bounced: 31 + n * 20 }, unread_count: 0, today: { sent: 48 - n * 9, received: 7 - n }, last_event_at_ms: n === 3 ? 0 : NOW - n * 3_600_000, created_at_ms: NOW - 90 * DAY }));
const CAMPAIGN_NAMES = ["Q3 Zürich Logistik", "Treuhand DACH – Erstkontakt", "Romandie Industrie", "Follow-up Messe Basel", "Robotics Benelux", "Ticino pilota", "Reaktivierung der Bestandskundinnen und Bestandskunden im Grossraum Ostschweiz"];
const campaigns = CAMPAIGN_NAMES.map((name, n) => {
  const sent = [4210, 1893, 960, 412, 88, 0, 2204][n];
  const c = { sent, opened: Math.round(sent * 0.52), clicked: Math.round(sent * 0.04), replied: Math.round(sent * 0.061), replied_contacts: Math.round(sent * 0.055), auto_replied: Math.round(sent * 0.02), bounced: Math.round(sent * 0.017), unsubscribed: Math.round(sent * 0.008), complained: Math.round(sent * 0.0004), interested: Math.round(sent * 0.019), not_interested: Math.round(sent * 0.021), meetings_booked: Math.round(sent * 0.006), contacts: Math.round(sent * 0.41) };
  const r = (x) => (sent ? x / sent : null);
  return { id: id("cp", n), provider_campaign_id: `prov-${n}`, name, state: ["active", "active", "paused", "completed", "paused", "unknown", "active"][n], is_synced: n % 2 === 0, counters: c, rates: { open_rate: r(c.opened), click_rate: r(c.clicked), reply_rate: r(c.replied), bounce_rate: r(c.bounced), unsubscribe_rate: r(c.unsubscribed), interested_rate: r(c.interested) }, last_event_at_ms: sent ? NOW - n * 5_400_000 : 0, created_at_ms: NOW - 60 * DAY };
});
const contacts = Array.from({ length: 4000 }, (_, n) => {
  const first = pick(FIRST), last = pick(LAST), company = pick(FIRMS);
  const interest = pick([null, null, 1, 2, -1, 0, 4]);
  return { id: id("ct", n), address: `${first}.${last}`.toLowerCase().normalize("NFD").replace(/[^a-z.]/g, "") + `@${(company || "example").toLowerCase().replace(/[^a-z]/g, "").slice(0, 16)}.ch`, name: n % 37 === 0 ? "" : `${first} ${last}`, first_name: first, last_name: last, company_name: company, job_title: pick(["Leiterin Einkauf", "Head of Operations", "CFO", "Geschäftsführer", ""]), phone: pick(["+41 44 555 01 23", "", "+49 30 5550 123"]), website: company ? "www.example.ch" : "", interest, category: "reply", label: pick(["", "", "Hot lead"]), custom_fields: { "Anzahl Mitarbeitende": "120–250", industry: "Logistik", "LinkedIn-Profil": "https://linkedin.com/in/example-person-with-a-long-name", empty: "" }, suppression: n % 11 === 0 ? { reason: pick(["bounced", "unsubscribed", "complained"]), at_ms: NOW - 3 * DAY } : null, source: "instantly", campaigns: campaigns.slice(n % 3, (n % 3) + 1 + (n % 2)).map((c, k) => ({ id: c.id, name: c.name, step: 2 + k, state: ["active", "completed", "failed"][n % 3] })), created_at_ms: NOW - 40 * DAY, updated_at_ms: NOW };
});
let conversations = Array.from({ length: 10_600 }, (_, n) => {
  const contact = contacts[n % contacts.length];
  const [category, , interest] = n % 9 === 8 ? ["sent", 0, null] : pick(catBag);
  const isSent = category === "sent";
  return { id: id("cv", n), channel: "email", subject: n === 3 ? "" : pick(SUBJECTS), snippet: isSent ? "Guten Tag, ich habe gesehen, dass Sie Ihr Lager in Winterthur ausbauen." : pick(REPLIES), contact: { id: contact.id, address: contact.address, name: contact.name, company_name: contact.company_name }, mailbox: (({ id, address }) => ({ id, address }))(mailboxes[n % mailboxes.length]), campaign: n % 5 ? (({ id, name }) => ({ id, name }))(campaigns[n % campaigns.length]) : null, category, interest, label: category === "custom" ? "Budget 2027" : null, unread_count: !isSent && n < 40 && n % 3 === 0 ? 1 : 0, message_count: 3, received_count: isSent ? 0 : 1, is_archived: n % 23 === 22, last_message_at_ms: NOW - 40_000 - n * 420_000 - Math.floor(random() * 100_000), last_direction: isSent || n % 6 === 5 ? "out" : "in", created_at_ms: NOW - 50 * DAY };
});
const sortRows = () => conversations.sort((a, b) => b.last_message_at_ms - a.last_message_at_ms);
const byId = (list, x) => list.find((row) => row.id === x);
const extra = new Map();
function messagesOf(c) {
  const contact = byId(contacts, c.contact.id);
  const person = { address: contact.address, name: contact.name }, me = { address: c.mailbox.address, name: "Anna Vontobel" };
  const base = { conversation_id: c.id, is_auto_reply: false, subject: c.subject, quoted_text: "", has_html: false, has_remote_images: false, step: null, variant: null };
  const pitch = PITCH.replace("{{name}}", contact.name || "");
  const rows = [
    { ...base, id: id("ms1", c.id), direction: "out", from: me, to: person, text: pitch, step: 1, variant: 0, has_html: true, has_remote_images: true, occurred_at_ms: c.last_message_at_ms - 4 * DAY },
    { ...base, id: id("ms2", c.id), direction: "out", from: me, to: person, text: "Guten Tag\n\nich wollte kurz nachfragen, ob meine Nachricht angekommen ist.\n\nFreundliche Grüsse\nAnna Vontobel", step: 2, variant: 1, occurred_at_ms: c.last_message_at_ms - 2 * DAY },
  ];
  if (c.received_count) rows.push({ ...base, id: id("ms3", c.id), direction: "in", is_auto_reply: c.category === "out_of_office", from: person, to: me, text: c.snippet + "\n\nFreundliche Grüsse\n" + contact.name + "\n" + contact.job_title, quoted_text: "> " + pitch.replaceAll("\n", "\n> "), has_html: true, has_remote_images: true, occurred_at_ms: c.last_message_at_ms });
  return [...rows, ...(extra.get(c.id) ?? [])];
}
let sequence = 500_000;
const log = [];
const sockets = new Set();
let pending = [];
function emit(kind, entity_kind, entity_id, payload, at_ms = Date.now()) {
  const event = { sequence: ++sequence, kind, actor: "provider", entity_kind, entity_id, at_ms, payload };
  log.unshift(event);
  if (log.length > 6000) log.pop();
  pending.push(event);
}
setInterval(() => {
  if (!pending.length) return;
  const text = JSON.stringify({ type: "events", sequence, events: pending });
  pending = [];
  for (const s of sockets) s.send(text);
}, 50);
const talk = (c) => ({ conversation_id: c.id, contact_id: c.contact.id, contact_name: c.contact.name, contact_address: c.contact.address, subject: c.subject, snippet: c.snippet, campaign_id: c.campaign?.id, campaign_name: c.campaign?.name, mailbox_id: c.mailbox.id, mailbox_address: c.mailbox.address });
function receive(c = pick(conversations), text = pick(REPLIES)) {
  c.last_message_at_ms = Date.now(); c.unread_count += 1; c.snippet = text; c.category = "reply"; c.last_direction = "in"; c.received_count += 1; c.is_archived = false;
  const list = extra.get(c.id) ?? [];
  list.push({ id: randomUUID(), conversation_id: c.id, direction: "in", is_auto_reply: false, from: c.contact, to: { address: c.mailbox.address, name: "" }, subject: c.subject, text, quoted_text: "", has_html: false, has_remote_images: false, step: null, variant: null, occurred_at_ms: Date.now() });
  extra.set(c.id, list);
  sortRows();
  emit("message.received", "conversation", c.id, talk(c));
  return c;
}
for (let n = 3000; n > 0; n--) {
  const c = pick(conversations);
  const at = NOW - n * 90_000;
  const k = pick(["message.sent", "message.sent", "message.opened", "message.received", "message.clicked", "contact.interest_changed", "message.bounced", "contact.unsubscribed", "mailbox.error", "campaign.paused", "conversation.archived", "message.auto_received", "contact.created", "provider_event.unknown"]);
  if (k.startsWith("mailbox")) emit(k, "mailbox", mailboxes[2].id, { mailbox_id: mailboxes[2].id, mailbox_address: mailboxes[2].address, reason: "SMTP authentication failed" }, at);
  else if (k.startsWith("campaign")) emit(k, "campaign", campaigns[2].id, { campaign_id: campaigns[2].id, campaign_name: campaigns[2].name }, at);
  else if (k.startsWith("conversation")) emit(k, "conversation", c.id, { conversation_id: c.id, contact_name: c.contact.name, account_id: "a", account_name: "Anna Vontobel" }, at);
  else if (k === "contact.interest_changed") emit(k, "contact", c.contact.id, { contact_id: c.contact.id, contact_name: c.contact.name, contact_address: c.contact.address, interest: 1, label: null, category: "interested" }, at);
  else emit(k, "conversation", c.id, { ...talk(c), step: k === "message.sent" ? 2 : undefined }, at);
}
pending = [];
setInterval(() => { for (let n = 0; n < control.rate / 20; n++) receive(); }, 50);

const account = { id: id("ac", 1), email: "anna@example.ch", name: "Anna Vontobel", language: "en", theme: "auto", time_zone: "Europe/Zurich" };
const me = () => ({ is_operator: true, account: { ...account, language: control.language, theme: control.theme }, organization: { id: id("or", 1), name: "Vertrieb Nord AG" }, role: control.role });
const session = () => ({ ...me(), access_token: (control.token = "token-" + randomUUID()), expires_at_ms: Date.now() + 900_000, token_type: "Bearer" });
let connections = [{ id: id("cn", 1), provider: "instantly", name: "Instantly", is_shared: false, header_name: "X-Webhook-Secret", webhook_url: "https://sales.example.ch/webhooks/instantly/webhook", last_event_at_ms: NOW - 42_000, event_count: 18_204, created_at_ms: NOW - 60 * DAY }, { id: id("cn", 2), provider: "instantly", name: "Instantly of the agency", is_shared: true, header_name: "X-Webhook-Secret", webhook_url: "https://sales.example.ch/webhooks/instantly/webhook", last_event_at_ms: null, event_count: 0, created_at_ms: NOW - 2 * DAY }];
const withSecret = (c) => ({ ...c, webhook_secret: randomBytes(24).toString("base64url"), token_webhook_url: "https://sales.example.ch/webhooks/instantly/" + randomBytes(24).toString("base64url") });
let jobs = [{ id: id("jb", 1), kind: "search.reindex", state: "running", attempts: 1, max_attempts: 3, run_at_ms: NOW - 5000, last_error: null, created_at_ms: NOW - 9000 }, { id: id("jb", 2), kind: "instantly.sync_campaigns", state: "dead", attempts: 8, max_attempts: 8, run_at_ms: NOW - 3_600_000, last_error: "401 Unauthorized: the API key of the connection “Instantly” was refused", created_at_ms: NOW - DAY }, { id: id("jb", 3), kind: "backup.verify", state: "done", attempts: 1, max_attempts: 3, run_at_ms: NOW - 7_200_000, last_error: null, created_at_ms: NOW - DAY }];
const providerEvents = Array.from({ length: 130 }, (_, n) => ({ id: id("pe", n), connection_id: connections[0].id, event_type: pick(["reply_received", "email_sent", "email_opened", "lead_interested", "supersearch_enrichment_completed"]), state: n % 13 === 4 ? "unknown" : n % 17 === 5 ? "failed" : "applied", note: n % 17 === 5 ? "field “timestamp” is not a date" : "", occurred_at_ms: NOW - n * 60_000, received_at_ms: NOW - n * 60_000, has_payload: n < 100 }));
const escapeHtml = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const markUp = (s, words) => words.reduce((text, w) => text.replace(new RegExp(`(${w.replace(/[^\p{L}\d]/gu, ".")}\\w*)`, "giu"), "<mark>$1</mark>"), escapeHtml(s));

class Failure extends Error { constructor(status, code, detail, field) { super(detail); Object.assign(this, { status, code, field }); } }
function listOf(rows, query, size = 50) {
  const limit = Math.min(200, Number(query.get("limit") ?? size));
  const start = query.get("cursor") ? Number(Buffer.from(query.get("cursor"), "base64url").toString()) : 0;
  const data = rows.slice(start, start + limit);
  return { data, count: data.length, next: start + limit < rows.length ? Buffer.from(String(start + limit)).toString("base64url") : null };
}
function matching(q) {
  const view = q.get("view") ?? "inbox";
  return conversations.filter((c) => (view === "archived" ? c.is_archived : view === "sent" ? c.received_count === 0 : view === "all" || (!c.is_archived && c.received_count > 0)) && (!q.get("mailbox_id") || c.mailbox.id === q.get("mailbox_id")) && (!q.get("campaign_id") || c.campaign?.id === q.get("campaign_id")) && (!q.get("category") || c.category === q.get("category")) && (q.get("is_unread") !== "true" || c.unread_count > 0));
}
function route(method, p, q, body) {
  const empty = control.mode === "empty";
  let m;
  const on = (want, pattern) => want === method && (m = p.match(new RegExp(`^${pattern}$`)));
  if (on("GET", "/setup")) return { data: { is_needed: control.setup, is_code_needed: control.code } };
  if (on("POST", "/setup")) { control.setup = false; control.signedIn = true; return { data: session() }; }
  if (on("POST", "/auth/login")) { if (body.password !== "secret") throw new Failure(401, "unauthenticated", "wrong e-mail or password"); control.signedIn = true; return { data: session() }; }
  if (on("POST", "/auth/link")) { if (body.token !== "good") throw new Failure(401, "unauthenticated", "this link is used or expired"); control.signedIn = true; return { data: session() }; }
  if (on("POST", "/auth/refresh")) { if (!control.signedIn) throw new Failure(401, "unauthenticated", "no session"); return { data: session() }; }
  if (on("POST", "/auth/logout")) { control.signedIn = false; return { data: {} }; }
  if (!control.signedIn) throw new Failure(401, "unauthenticated", "sign in");
  if (on("PUT", "/auth/me")) { Object.assign(account, body); if (body.language) control.language = body.language; if (body.theme) control.theme = body.theme; return { data: me() }; }
  if (control.mode === "error") throw new Failure(500, "internal", "an internal error happened");
  if (method !== "GET" && control.role === "viewer") throw new Failure(403, "forbidden", "viewers may not change anything");
  if (on("GET", "/conversations")) return listOf(empty ? [] : matching(q), q);
  if (on("GET", "/conversations/counts")) {
    const inbox = empty ? [] : matching(new URLSearchParams());
    const cats = new Map();
    for (const c of inbox) { const r = cats.get(c.category) ?? { category: c.category, unread: 0, total: 0 }; r.total++; if (c.unread_count) r.unread++; cats.set(c.category, r); }
    return { data: { unread: inbox.filter((c) => c.unread_count).length, inbox: inbox.length, archived: 460, categories: [...cats.values()], mailboxes: [], cap: 1000 } };
  }
  if (on("GET", "/conversations/([^/]+)/messages")) { const c = byId(conversations, m[1]); if (!c) throw new Failure(404, "not_found", "no such conversation"); return { data: messagesOf(c), next: null }; }
  if (on("GET", "/conversations/([^/]+)/timeline")) { const c = byId(conversations, m[1]); const t = c.last_message_at_ms; return { data: [{ sequence: 1, kind: "message.opened", at_ms: t - 3.9 * DAY, payload: {} }, { sequence: 2, kind: "message.opened", at_ms: t - 3.8 * DAY, payload: {} }, { sequence: 3, kind: "message.clicked", at_ms: t - 3.7 * DAY, payload: {} }, { sequence: 4, kind: "contact.interest_changed", at_ms: t + 60_000, payload: { interest: 1, label: null } }] }; }
  if (on("PATCH", "/conversations/([^/]+)/(read|unread|archive|unarchive)")) {
    const c = byId(conversations, m[1]);
    if (control.mode === "patch_fails") throw new Failure(503, "unavailable", "busy");
    if (m[2] === "read") c.unread_count = 0; if (m[2] === "unread") c.unread_count = Math.max(1, c.unread_count); if (m[2] === "archive") c.is_archived = true; if (m[2] === "unarchive") c.is_archived = false;
    emit(`conversation.${m[2]}${m[2].endsWith("archive") ? "d" : ""}`, "conversation", c.id, { conversation_id: c.id, contact_name: c.contact.name, account_id: account.id, account_name: account.name });
    return { data: c };
  }
  if (on("GET", "/conversations/([^/]+)")) { const c = byId(conversations, m[1]); if (!c) throw new Failure(404, "not_found", "no such conversation"); return { data: c }; }
  if (on("GET", "/contacts/([^/]+)/conversations")) return { data: conversations.filter((c) => c.contact.id === m[1]) };
  if (on("GET", "/contacts/([^/]+)")) return { data: byId(contacts, m[1]) };
  if (on("GET", "/search")) {
    const text = q.get("q") ?? "";
    if (/before:\D/.test(text)) throw new Failure(400, "invalid_field", "before: needs a date as in 2026-09-30", "q");
    const words = text.replace(/\w+:\S*/g, "").toLowerCase().split(/[\s"]+/).filter((w) => w && !w.startsWith("-"));
    const hits = (empty ? [] : conversations).filter((c) => words.every((w) => (c.subject + c.snippet + c.contact.name).toLowerCase().includes(w))).slice(0, 2400);
    const part = listOf(hits, q, 20);
    return { ...part, data: part.data.flatMap((c, n) => [0, ...(n % 4 === 0 ? [1] : [])].map((k) => ({ message_id: id("h" + k, c.id), conversation: c, direction: k ? "out" : "in", subject_html: markUp(c.subject, words), snippet_html: markUp(k ? PITCH.replace(/\s+/g, " ") : c.snippet, words), occurred_at_ms: c.last_message_at_ms - k * DAY, score: 1 }))), total: hits.length, is_total_capped: false, took_ms: 4.2, lag_events: 2 };
  }
  if (on("GET", "/campaigns")) return listOf(empty ? [] : campaigns, q);
  if (on("GET", "/campaigns/([^/]+)/daily")) { const days = Number(q.get("days") ?? 30); return { data: Array.from({ length: days }, (_, n) => { const d = new Date(NOW - (days - 1 - n) * DAY); const w = d.getUTCDay(); const sent = w === 0 || w === 6 ? 0 : 90 + ((n * 37) % 80); return { ...campaigns[0].counters, day: d.toISOString().slice(0, 10), sent, replied: Math.round(sent * (0.03 + ((n * 13) % 7) / 100)), auto_replied: 3, interested: 2, bounced: 1 }; }) }; }
  if (on("GET", "/campaigns/([^/]+)/messages")) return { data: conversations.slice(0, 30).map((c) => ({ ...messagesOf(c).at(-1) })) };
  if (on("GET", "/campaigns/([^/]+)")) { const c = byId(campaigns, m[1]); if (!c) throw new Failure(404, "not_found", "no such campaign"); return { data: c }; }
  if (on("GET", "/mailboxes")) { for (const b of mailboxes) b.unread_count = matching(new URLSearchParams({ mailbox_id: b.id, is_unread: "true" })).length; return { data: empty ? [] : mailboxes }; }
  if (on("GET", "/events")) return listOf(empty ? [] : log.filter((e) => e.kind.startsWith(q.get("kind") ?? "")), q, 100);
  if (on("GET", "/provider-events")) return listOf(empty ? [] : providerEvents.filter((e) => !q.get("state") || e.state === q.get("state")), q);
  if (on("POST", "/provider-events/([^/]+)/replay")) return { data: {} };
  if (on("GET", "/provider-events/([^/]+)")) return { data: { ...byId(providerEvents, m[1]), payload: JSON.stringify({ event_type: "reply_received", workspace: "ws", lead_email: "anna@example.ch", reply_text: "Guten Tag" }) } };
  if (on("GET", "/connections")) return { data: empty ? [] : connections };
  if (on("POST", "/connections")) { const c = { id: randomUUID(), provider: "instantly", name: body.name, is_shared: false, header_name: "X-Webhook-Secret", webhook_url: "https://sales.example.ch/webhooks/instantly/webhook", last_event_at_ms: null, event_count: 0, created_at_ms: Date.now() }; connections.push(c); setTimeout(() => { c.last_event_at_ms = Date.now(); c.event_count = 1; }, 4000); return { data: withSecret(c) }; }
  if (on("POST", "/connections/([^/]+)/secret")) return { data: withSecret(byId(connections, m[1])) };
  if (on("DELETE", "/connections/([^/]+)")) { connections = connections.filter((c) => c.id !== m[1]); return { data: {} }; }
  if (on("GET", "/connections/([^/]+)")) return { data: byId(connections, m[1]) };
  if (on("GET", "/unrouted-events")) return { data: empty ? [] : [{ id: id("ur", 1), connection_id: connections[0]?.id, event_type: "reply_received", provider_campaign_id: "0198f2c0-aaaa-7bbb-8ccc-1234567890ab", received_at_ms: NOW - 3_600_000 }] };
  if (on("GET", "/jobs")) return { data: empty ? [] : jobs };
  if (on("POST", "/jobs/([^/]+)/retry")) { Object.assign(byId(jobs, m[1]), { state: "waiting" }); return { data: byId(jobs, m[1]) }; }
  if (on("POST", "/search/reindex")) return { data: jobs[0] };
  if (on("GET", "/status")) return { data: { version: "0.2.0", started_at_ms: NOW - 5 * DAY, consumers: [{ name: "search", cursor: sequence - 12, head: sequence, lag: 12, last_error: null }, { name: "read_models", cursor: sequence, head: sequence, lag: 0, last_error: null }] } };
  throw new Failure(404, "no_such_route", "no such route");
}

const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
async function serveFile(response, pathname) {
  const ext = path.extname(pathname);
  if (ext) {
    try {
      const file = await readFile(path.join(DIST, path.normalize(pathname)));
      response.writeHead(200, { "Content-Type": TYPES[ext] ?? "application/octet-stream", "Cache-Control": "public, max-age=31536000, immutable" }).end(file);
    } catch { response.writeHead(404).end(); }
    return;
  }
  const nonce = randomBytes(16).toString("base64");
  const html = (await readFile(path.join(DIST, "index.html"), "utf8")).replaceAll("__CSP_NONCE__", nonce);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "Content-Security-Policy": `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'` }).end(html);
}
const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  if (url.pathname === "/mock") {
    if (body.receive) { const c = body.receive === true ? receive() : receive(byId(conversations, body.receive)); return response.end(c.id); }
    if (body.drop) { for (const s of sockets) s.terminate(); return response.end("dropped"); }
    Object.assign(control, body);
    return response.end(JSON.stringify(control));
  }
  const html = url.pathname.match(/^\/api\/v1\/messages\/([^/]+)\/html$/);
  if (html) return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox" }).end(`<!doctype html><html lang="de"><head><title>Message</title><style>body{margin:0;font:14px/1.5 sans-serif;background:#fff;color:#222}</style></head><body><p>Guten Tag</p><table border=1 cellpadding=6><tr><td>Position</td><td>Preis</td></tr><tr><td>12 Arbeitsplätze</td><td>CHF 1'200</td></tr></table><p><img alt="Logo" src="https://example.com/x.png" width=120 height=40></p><p>Freundliche Grüsse<br><b>Anna</b> (images ${url.searchParams.get("images")})</p></body></html>`);
  if (!url.pathname.startsWith("/api/")) return serveFile(response, url.pathname);
  if (control.delay) await new Promise((done) => setTimeout(done, control.delay));
  if (url.pathname.includes("/auth/refresh")) control.refreshes = (control.refreshes ?? 0) + 1;
  try {
    if (control.strict && !/\/auth\/|\/setup/.test(url.pathname) && request.headers.authorization !== `Bearer ${control.token}`) throw new Failure(401, "unauthenticated", "token expired");
    const answer = route(request.method, url.pathname.slice("/api/v1".length), url.searchParams, body);
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ success: true, ...answer }));
  } catch (error) {
    if (!(error instanceof Failure)) console.error(error);
    response.writeHead(error.status ?? 500, { "Content-Type": "application/json" }).end(JSON.stringify({ success: false, code: error.code ?? "internal", detail: error.message, field: error.field }));
  }
});
const live = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => {
  if (control.mode === "no_live") return socket.destroy();
  live.handleUpgrade(request, socket, head, (ws) => {
    sockets.add(ws);
    ws.on("close", () => sockets.delete(ws));
    const since = Number(new URL(request.url, "http://localhost").searchParams.get("since") ?? sequence);
    ws.send(JSON.stringify({ type: "hello", sequence }));
    const missed = log.filter((e) => e.sequence > since).reverse();
    if (missed.length) ws.send(JSON.stringify({ type: "events", sequence, events: missed }));
  });
});
server.listen(PORT, "127.0.0.1", () => console.log(`mock on http://127.0.0.1:${PORT}`));
