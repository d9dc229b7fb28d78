// Which custom fields the contact panel shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { listCustomFields } from "../src/features/inbox/custom_fields.ts";

test("ids of other systems and empty values are left out, everything else stays in its order", () => {
  const fields = {
    Anrede: "Frau",
    campaign: "019fb520-4eea-7241-9a4b-007b6968ca7b",
    record: "65f1c0ffee65f1c0ffee65f1",
    Notiz: " ",
    "PLZ / Ort": "2502 Biel/Bienne",
    Mitarbeiter: "287",
    Hinweis: "siehe 019fb520-4eea-7241-9a4b-007b6968ca7b",
  };
  assert.deepEqual(listCustomFields(fields).map(([name]) => name), ["Anrede", "PLZ / Ort", "Mitarbeiter", "Hinweis"]);
});
