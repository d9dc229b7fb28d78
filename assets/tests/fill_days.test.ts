// Quiet days in the daily figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CampaignDay } from "../src/api/types.ts";
import { fillDays } from "../src/features/campaign/fill_days.ts";

test("days without events are zero, in order, ending today", () => {
  const rows = [{ day: "2026-11-19", sent: 3 } as CampaignDay];
  const filled = fillDays(rows, 3, Date.parse("2026-11-20T22:00:00Z"));
  assert.deepEqual(filled.map((row) => [row.day, row.sent]), [["2026-11-18", 0], ["2026-11-19", 3], ["2026-11-20", 0]]);
});
