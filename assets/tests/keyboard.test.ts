// Key presses and sequences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameKey, pressKey as pressBound, SEQUENCE_WAIT_MS, START, type EngineState, type KeyPress } from "../src/keyboard/engine.ts";
import { bindKeys, findConflicts, isReserved, SHORTCUTS, writeKeys, type Bindings } from "../src/keyboard/map.ts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, atMs: 0, ...more });

const pressKey = (state: EngineState, key: KeyPress, bindings: Bindings = bindKeys({})) => pressBound(state, key, bindings);

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

test("a changed key acts, the one it had before no longer", () => {
  const bindings = bindKeys({ archive: "y", go_inbox: "g h", undo: "", nonsense: "q" });
  assert.equal(pressKey(START, press("y"), bindings).command, "archive");
  assert.equal(pressKey(START, press("e"), bindings).command, null);
  assert.equal(pressKey(START, press("z"), bindings).command, null);
  const first = pressKey(START, press("g"), bindings);
  assert.equal(pressKey(first.state, press("h", { atMs: 100 }), bindings).command, "go_inbox");
  assert.equal(pressKey(first.state, press("i", { atMs: 100 }), bindings).command, null);
});

test("what the browser does with Enter stays", () => {
  const bindings = bindKeys({ open: "o" });
  assert.deepEqual(bindings.open, ["Enter"]);
  assert.ok(isReserved("Enter") && isReserved("Tab") && isReserved(nameKey(press(" ")) ?? "") && !isReserved("y"));
});

test("keys that cannot be told apart are found", () => {
  const bindings = bindKeys({});
  assert.deepEqual(findConflicts(bindings, "archive", ["j"]), ["next"]);
  assert.deepEqual(findConflicts(bindings, "archive", ["e"]), []);
  assert.equal(findConflicts(bindings, "archive", ["g"]).length, 6);
  assert.deepEqual(findConflicts(bindings, "archive", ["e", "e"]), []);
  assert.deepEqual(findConflicts(bindings, "undo", ["j", "j"]), ["next"]);
  assert.deepEqual(findConflicts(bindKeys({ next: "" }), "archive", ["j"]), []);
  assert.equal(writeKeys(["g", "i"]), "g i");
});
