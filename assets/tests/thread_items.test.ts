// The column of a thread: order, day separators, gathered opens.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, TimelineEntry } from "../src/api/types.ts";
import { buildThreadItems } from "../src/features/inbox/thread_items.ts";

const DAY = 86_400_000;
const message = (id: string, at: number) => ({ id, occurred_at_ms: at }) as Message;
const line = (sequence: number, kind: string, at: number): TimelineEntry => ({ sequence, kind, at_ms: at, payload: {} });
const dayOf = (at: number) => String(Math.floor(at / DAY));

test("messages and lines stand in order of time, each day once", () => {
  const items = buildThreadItems([message("a", 10), message("b", DAY + 10)], [line(1, "message.clicked", 20)], dayOf);
  assert.deepEqual(items.map((item) => item.key), ["day-0", "a", "line-1", "day-1", "b"]);
});

test("opens in a row are one line with their number", () => {
  const items = buildThreadItems([message("a", 10)], [line(1, "message.opened", 20), line(2, "message.opened", 30)], dayOf);
  assert.equal(items.length, 3);
  const last = items.at(-1);
  assert.equal(last?.kind === "line" && last.count, 2);
});

test("lines older than the loaded messages wait, read marks and messages are no lines", () => {
  const items = buildThreadItems([message("a", 10)], [line(1, "message.clicked", 5), line(2, "conversation.read", 20), line(3, "message.sent", 30)], dayOf);
  assert.deepEqual(items.map((item) => item.key), ["day-0", "a"]);
});

test("a day of events alone has no separator; its lines name the day, and opens of two days stay apart", () => {
  const timeline = [line(1, "message.opened", DAY + 10), line(2, "message.opened", 2 * DAY + 10), line(3, "message.clicked", 3 * DAY + 5)];
  const items = buildThreadItems([message("a", 10), message("b", 3 * DAY + 10)], timeline, dayOf);
  assert.deepEqual(items.map((item) => item.key), ["day-0", "a", "line-1", "line-2", "day-3", "line-3", "b"]);
  assert.deepEqual(items.flatMap((item) => (item.kind === "line" ? [item.hasDate] : [])), [true, true, false]);
});
