// The server names only days on which something happened; a chart over time needs the quiet ones too, and a figure the period
// before it. Pure.
import type { CampaignDay } from "../../api/types";

const DAY_MS = 86_400_000;
type Count = Exclude<keyof CampaignDay, "day">;

export function fillDays(rows: readonly CampaignDay[], count: number, nowMs: number): CampaignDay[] {
  const known = new Map(rows.map((row) => [row.day, row]));
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(nowMs - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return known.get(day) ?? { day, sent: 0, opened: 0, clicked: 0, replied: 0, auto_replied: 0, bounced: 0, unsubscribed: 0, complained: 0 };
  });
}

export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

export const sumDays = (rows: readonly CampaignDay[], name: Count) => rows.reduce((sum, row) => sum + row[name], 0);

/** Change as a fraction; null when there is nothing to compare with. */
export function findChange(current: number, previous: number): number | null {
  return previous === 0 ? null : (current - previous) / previous;
}
