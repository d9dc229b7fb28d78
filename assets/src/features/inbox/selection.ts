// Which rows of the list are selected: toggled one by one or as a range from the last one toggled. What leaves the list leaves
// the selection, so that nothing out of sight is ever changed.
import { useMemo, useState } from "react";
import type { Conversation } from "../../api/types";

/** The ids from one row to another, both included, in the order of the list; only the second if the first is gone. Pure. */
export function listRange(ids: readonly string[], from: string | null, to: string): string[] {
  const start = from === null ? -1 : ids.indexOf(from);
  const end = ids.indexOf(to);
  if (start === -1 || end === -1) return [to];
  return ids.slice(Math.min(start, end), Math.max(start, end) + 1);
}

export function useSelection(rows: readonly Conversation[], listKey: string) {
  const [state, setState] = useState<{ listKey: string; ids: ReadonlySet<string>; lastId: string | null }>({ listKey, ids: new Set(), lastId: null });
  // Another list starts with nothing selected.
  const current = state.listKey === listKey ? state : { listKey, ids: new Set<string>(), lastId: null };
  const selected = useMemo(() => (current.ids.size === 0 ? [] : rows.filter((row) => current.ids.has(row.id))), [rows, current.ids]);
  return {
    selected,
    ids: current.ids,
    toggle: (id: string, isRange: boolean) => {
      const ids = new Set(current.ids);
      if (isRange) for (const one of listRange(rows.map((row) => row.id), current.lastId, id)) ids.add(one);
      else if (!ids.delete(id)) ids.add(id);
      setState({ listKey, ids, lastId: id });
    },
    clear: () => setState({ listKey, ids: new Set(), lastId: null }),
  };
}
