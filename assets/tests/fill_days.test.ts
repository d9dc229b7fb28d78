// Quiet days in the daily figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CampaignDay } from "../src/api/types.ts";
import { fillDays, findChange, nextDay, sumDays } from "../src/features/campaign/fill_days.ts";
import { searchFor } from "../src/features/campaign/rows_behind.ts";

test("days without events are zero, in order, ending today", () => {
  const rows = [{ day: "2026-11-19", sent: 3 } as CampaignDay];
  const filled = fillDays(rows, 3, Date.parse("2026-11-20T22:00:00Z"));
  assert.deepEqual(filled.map((row) => [row.day, row.sent]), [["2026-11-18", 0], ["2026-11-19", 3], ["2026-11-20", 0]]);
});

test("a period is compared with the one before it, and with nothing when that was empty", () => {
  const rows = [{ day: "2026-11-17", sent: 4 }, { day: "2026-11-19", sent: 3 }, { day: "2026-11-20", sent: 3 }] as CampaignDay[];
  const all = fillDays(rows, 4, Date.parse("2026-11-20T22:00:00Z"));
  assert.deepEqual([sumDays(all.slice(0, 2), "sent"), sumDays(all.slice(2), "sent")], [4, 6]);
  assert.equal(findChange(6, 4), 0.5);
  assert.equal(findChange(3, 4), -0.25);
  assert.equal(findChange(6, 0), null);
});

test("the day after the last of a month is the first of the next", () => {
  assert.equal(nextDay("2026-02-28"), "2026-03-01");
  assert.equal(nextDay("2026-12-31"), "2027-01-01");
});

test("a campaign is searched for by its name, as far as the search can quote it", () => {
  assert.equal(searchFor("Q3 Zürich"), 'campaign:"Q3 Zürich"');
  assert.equal(searchFor('Aktion "Herbst 2026" B'), 'campaign:"Herbst 2026"');
  assert.equal(searchFor(""), null);
});
