// What is said about a search that the server refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainRefusal } from "../src/features/search/refusal.ts";

test("the part that cannot be read decides what is said", () => {
  assert.equal(explainRefusal("`before:foo`: expected a day as YYYY-MM-DD"), "invalid_day");
  assert.equal(explainRefusal("`is:foo`: expected unread, read or archived"), "invalid_is");
  assert.equal(explainRefusal("`in:foo`: expected sent or received"), "invalid_in");
  assert.equal(explainRefusal("`-before:2026-01-01` cannot be negated"), "invalid_minus");
  assert.equal(explainRefusal("`in:sent` contradicts an earlier `in:`"), "invalid_whole");
  assert.equal(explainRefusal("the query has more than 32 words"), "invalid_whole");
});
