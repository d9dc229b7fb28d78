// Merging live data into the list, and what events touch.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conversation, DomainEvent } from "../src/api/types.ts";
import { collectEffects } from "../src/live/effects.ts";
import { mapConversations, mergeFirstPage, type PagedConversations } from "../src/live/merge.ts";

const row = (id: string, at: number): Conversation => ({ id, last_message_at_ms: at, unread_count: 0 }) as Conversation;
const rows = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => row(`c${from - index}`, from - index));
const ids = (list: PagedConversations) => list.pages.flatMap((page) => page.rows.map((entry) => entry.id));
const options = { keptId: null, hiddenIds: new Set<string>() };
const old: PagedConversations = { pages: [{ rows: rows(9, 7), next: "p2" }, { rows: rows(6, 4), next: "p3" }], pageParams: [null, "p2"] };

test("a new conversation comes first and nothing is lost", () => {
  const merged = mergeFirstPage(old, { rows: [row("c10", 10), ...rows(9, 8)], next: "x" }, options);
  assert.deepEqual(ids(merged), ["c10", "c9", "c8", "c7", "c6", "c5", "c4"]);
  assert.equal(merged.pages.at(-1)?.next, "p3");
});

test("a conversation that moves up leaves its old place", () => {
  const merged = mergeFirstPage(old, { rows: [row("c5", 11), ...rows(9, 8)], next: "x" }, options);
  assert.deepEqual(ids(merged), ["c5", "c9", "c8", "c7", "c6", "c4"]);
});

test("a conversation archived elsewhere leaves, unless the reader is in it", () => {
  const fresh = { rows: [row("c9", 9), row("c7", 7), row("c6", 6)], next: "x" };
  assert.deepEqual(ids(mergeFirstPage(old, fresh, options)), ["c9", "c7", "c6", "c5", "c4"]);
  assert.deepEqual(ids(mergeFirstPage(old, fresh, { ...options, keptId: "c8" })), ["c9", "c8", "c7", "c6", "c5", "c4"]);
});

test("an archive on its way stays hidden", () => {
  assert.deepEqual(ids(mergeFirstPage(old, { rows: rows(9, 7), next: "x" }, { ...options, hiddenIds: new Set(["c9"]) })), ["c8", "c7", "c6", "c5", "c4"]);
});

test("a row of the same millisecond as the last fresh one stays", () => {
  const twins: PagedConversations = { pages: [{ rows: [row("a", 9), row("b", 8), row("c", 8), row("d", 7)], next: "p2" }], pageParams: [null] };
  const merged = mergeFirstPage(twins, { rows: [row("e", 10), row("a", 9), row("b", 8)], next: "x" }, options);
  assert.deepEqual(ids(merged), ["e", "a", "b", "c", "d"]);
});

test("after a gap without overlap the list starts again", () => {
  const merged = mergeFirstPage(old, { rows: rows(99, 97), next: "fresh" }, options);
  assert.deepEqual(ids(merged), ["c99", "c98", "c97"]);
  assert.equal(merged.pages[0]?.next, "fresh");
});

test("a list that fits in one page is replaced", () => {
  const merged = mergeFirstPage({ pages: [{ rows: [], next: null }], pageParams: [null] }, { rows: rows(2, 1), next: null }, options);
  assert.deepEqual(ids(merged), ["c2", "c1"]);
});

test("mapping to null removes", () => {
  assert.deepEqual(ids(mapConversations(old, (entry) => (entry.id === "c8" ? null : entry))), ["c9", "c7", "c6", "c5", "c4"]);
});

const event = (kind: string, payload: Record<string, unknown>, entity_kind = "message"): DomainEvent => ({ sequence: 1, kind, actor: "provider", entity_kind, entity_id: "e", at_ms: 0, payload });

test("a received message touches lists, thread, campaign and mailboxes", () => {
  const effects = collectEffects([event("message.received", { conversation_id: "c1", contact_id: "p1", campaign_id: "k1" })]);
  assert.ok(effects.areConversationsTouched && effects.areMailboxesTouched);
  assert.deepEqual([[...effects.conversationIds], [...effects.contactIds], [...effects.campaignIds]], [["c1"], ["p1"], ["k1"]]);
});

test("an open is a line in the timeline and moves no list", () => {
  assert.equal(collectEffects([event("message.opened", { conversation_id: "c1" })]).areConversationsTouched, false);
});
