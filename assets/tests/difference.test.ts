// What the audit log shows as changed between two records.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRecords } from "../src/features/audit/difference";

test("a value that changed has both sides, one that did not is left out", () => {
  assert.deepEqual(compareRecords({ name: "Old", language: "de" }, { name: "New", language: "de" }), [{ field: "name", kind: "value", before: "Old", after: "New" }]);
});

test("what was made or taken away has one side only", () => {
  assert.deepEqual(compareRecords({}, { role: "member" }), [{ field: "role", kind: "value", before: null, after: "member" }]);
  assert.deepEqual(compareRecords({ role: "member" }, {}), [{ field: "role", kind: "value", before: "member", after: null }]);
});

test("nothing, null and an empty text are the same nothing, but false and zero are values", () => {
  assert.deepEqual(compareRecords({ note: "" }, { note: "x" }), [{ field: "note", kind: "value", before: null, after: "x" }]);
  assert.deepEqual(compareRecords({ note: null }, {}), []);
  assert.deepEqual(compareRecords({ is_disabled: false, count: 0 }, { is_disabled: true, count: 1 }), [
    { field: "is_disabled", kind: "value", before: false, after: true },
    { field: "count", kind: "value", before: 0, after: 1 },
  ]);
});

test("a list tells what came and what went, in the order of the lists", () => {
  assert.deepEqual(compareRecords({ permissions: ["a", "b", "c"] }, { permissions: ["b", "d", "e"] }), [{ field: "permissions", kind: "list", added: ["d", "e"], removed: ["a", "c"] }]);
  assert.deepEqual(compareRecords({}, { permissions: ["a"] }), [{ field: "permissions", kind: "list", added: ["a"], removed: [] }]);
});

test("a list that became something else is shown as two values", () => {
  assert.deepEqual(compareRecords({ field: ["a"] }, { field: "a" }), [{ field: "field", kind: "value", before: ["a"], after: "a" }]);
});

test("fields stand in the order they are written, those of before first", () => {
  const fields = compareRecords({ b: 1, a: 1 }, { c: 2, a: 2, b: 2 }).map((line) => line.field);
  assert.deepEqual(fields, ["b", "a", "c"]);
});
