// Key presses and sequences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pressKey, SEQUENCE_WAIT_MS, START, type KeyPress } from "../src/keyboard/engine.ts";
import { SHORTCUTS } from "../src/keyboard/map.ts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, atMs: 0, ...more });

test("single keys", () => {
  assert.equal(pressKey(START, press("j")).command, "next");
  assert.equal(pressKey(START, press("?", { shiftKey: true })).command, "help");
  assert.equal(pressKey(START, press("q")).command, null);
});

test("Shift makes another key of a letter", () => {
  assert.equal(pressKey(START, press("U", { shiftKey: true })).command, "mark_unread");
  assert.equal(pressKey(START, press("u")).command, "back");
  // Caps lock is not Shift.
  assert.equal(pressKey(START, press("U")).command, "back");
});

test("Ctrl and Cmd open the palette and never trigger single keys", () => {
  assert.equal(pressKey(START, press("k", { ctrlKey: true })).command, "palette");
  assert.equal(pressKey(START, press("k", { metaKey: true })).command, "palette");
  assert.equal(pressKey(START, press("e", { ctrlKey: true })).command, null);
  assert.equal(pressKey(START, press("e", { altKey: true })).command, null);
});

test("a sequence counts within its time only", () => {
  const first = pressKey(START, press("g"));
  assert.equal(first.command, null);
  assert.equal(pressKey(first.state, press("i", { atMs: 300 })).command, "go_inbox");
  assert.equal(pressKey(first.state, press("i", { atMs: SEQUENCE_WAIT_MS + 1 })).command, null);
});

test("a key after a broken sequence does not act as a single key", () => {
  const first = pressKey(START, press("g"));
  assert.equal(pressKey(first.state, press("e", { atMs: 100 })).command, null);
});

test("no two commands share their keys", () => {
  const keys = Object.values(SHORTCUTS).map((shortcut) => shortcut.keys.join(" "));
  assert.equal(new Set(keys).size, keys.length);
});
