// Lays hits out as rows of known height: a heading for each run of hits of one conversation, then the hits. Pure.
import type { Conversation, Hit } from "../../api/types";

export const GROUP_HEIGHT = 34;
export const HIT_HEIGHT = 72;

export type ResultRow = { kind: "group"; key: string; conversation: Conversation } | { kind: "hit"; key: string; hit: Hit };

export function buildResultRows(hits: readonly Hit[]): ResultRow[] {
  const rows: ResultRow[] = [];
  const seen = new Set<string>();
  let open = "";
  for (const hit of hits) {
    // A page read while messages arrive may repeat a hit of the page before.
    if (seen.has(hit.message_id)) continue;
    seen.add(hit.message_id);
    if (hit.conversation.id !== open) {
      open = hit.conversation.id;
      rows.push({ kind: "group", key: `group-${hit.message_id}`, conversation: hit.conversation });
    }
    rows.push({ kind: "hit", key: hit.message_id, hit });
  }
  return rows;
}
