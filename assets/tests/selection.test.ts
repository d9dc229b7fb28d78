// Ranges of a selection.
import assert from "node:assert/strict";
import { test } from "node:test";
import { listRange } from "../src/features/inbox/selection.ts";

test("a range goes from the last row to this one, in either direction", () => {
  assert.deepEqual(listRange(["a", "b", "c", "d"], "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(listRange(["a", "b", "c", "d"], "d", "b"), ["b", "c", "d"]);
});

test("without a start, or when it has left the list, the range is the row itself", () => {
  assert.deepEqual(listRange(["a", "b"], null, "b"), ["b"]);
  assert.deepEqual(listRange(["a", "b"], "gone", "b"), ["b"]);
});
