// Search text: only <mark> is ever a tag.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMarkedText } from "../src/components/marked_text.ts";

test("marks become parts and entities become characters", () => {
  assert.deepEqual(parseMarkedText("Q3 <mark>Zürich</mark> &amp; Bern"), [
    { text: "Q3 ", isMarked: false },
    { text: "Zürich", isMarked: true },
    { text: " & Bern", isMarked: false },
  ]);
});

test("other tags stay text, also when they are escaped twice", () => {
  assert.deepEqual(parseMarkedText("&lt;script&gt;<b>x</b> &amp;lt;mark&amp;gt;"), [{ text: "<script><b>x</b> &lt;mark&gt;", isMarked: false }]);
});

test("an unclosed mark ends with the text", () => {
  assert.deepEqual(parseMarkedText("a<mark>b"), [
    { text: "a", isMarked: false },
    { text: "b", isMarked: true },
  ]);
});
