// What the reader is doing right now, as far as merging live data must respect it: the open conversation, archives on their way.
let openConversationId: string | null = null;
const archiving = new Set<string>();
const unarchiving = new Set<string>();
const nothing: ReadonlySet<string> = new Set();

export function setOpenConversationId(id: string | null): void {
  openConversationId = id;
}

export function readOpenConversationId(): string | null {
  return openConversationId;
}

export function startMove(id: string, direction: "archive" | "unarchive"): void {
  (direction === "archive" ? archiving : unarchiving).add(id);
  (direction === "archive" ? unarchiving : archiving).delete(id);
}

export function finishMove(id: string): void {
  archiving.delete(id);
  unarchiving.delete(id);
}

export function readHiddenIds(view: string | undefined): ReadonlySet<string> {
  if (view === "archived") return unarchiving;
  if (view === "all") return nothing;
  return archiving;
}
