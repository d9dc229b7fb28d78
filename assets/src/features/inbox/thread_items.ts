// Puts messages and events of a conversation into one column: day separators, repeated opens gathered into one line. Pure.
// A day on which only events happened gets no separator of its own: three of them would push a message off the screen.
import type { Message, TimelineEntry } from "../../api/types";

export type ThreadItem =
  | { kind: "day"; key: string; atMs: number }
  | { kind: "message"; key: string; message: Message }
  | { kind: "line"; key: string; entry: TimelineEntry; count: number; /** The line names its day itself. */ hasDate: boolean };

/** Shown as messages or of no interest between them. */
function isLine(entry: TimelineEntry): boolean {
  if (entry.kind === "conversation.read" || entry.kind === "conversation.unread" || entry.kind === "contact.created") return false;
  return !["message.received", "message.auto_received", "message.sent"].includes(entry.kind);
}

export function buildThreadItems(messages: readonly Message[], timeline: readonly TimelineEntry[], dayOf: (atMs: number) => string): ThreadItem[] {
  const firstAtMs = messages[0]?.occurred_at_ms ?? 0;
  type Point = { atMs: number; message?: Message; entry?: TimelineEntry };
  const points: Point[] = [
    ...messages.map((message) => ({ atMs: message.occurred_at_ms, message })),
    // Lines older than the loaded messages wait until those are loaded.
    ...timeline.filter((entry) => isLine(entry) && entry.at_ms >= firstAtMs).map((entry) => ({ atMs: entry.at_ms, entry })),
  ].sort((left, right) => left.atMs - right.atMs);

  const messageDays = new Set(messages.map((message) => dayOf(message.occurred_at_ms)));
  const items: ThreadItem[] = [];
  let day = "";
  for (const point of points) {
    const pointDay = dayOf(point.atMs);
    const isNewDay = pointDay !== day;
    const hasDate = !messageDays.has(pointDay);
    day = pointDay;
    if (isNewDay && !hasDate) items.push({ kind: "day", key: `day-${pointDay}`, atMs: point.atMs });
    const last = items.at(-1);
    if (point.message) {
      items.push({ kind: "message", key: point.message.id, message: point.message });
    } else if (point.entry && !isNewDay && last?.kind === "line" && last.entry.kind === point.entry.kind && point.entry.kind === "message.opened") {
      items[items.length - 1] = { ...last, count: last.count + 1 };
    } else if (point.entry) {
      items.push({ kind: "line", key: `line-${point.entry.sequence}`, entry: point.entry, count: 1, hasDate });
    }
  }
  return items;
}
