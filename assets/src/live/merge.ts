// Merges a fresh first page into a paged list that the reader may have scrolled far down; pure.
import type { Conversation, Page } from "../api/types";

export type PagedConversations = { pages: Page<Conversation>[]; pageParams: (string | null)[] };

export type MergeOptions = {
  /** Stays in the list although it no longer matches, because the reader is looking at it. */
  keptId: string | null;
  /** Leaves the list although the server may not know yet: an archive on its way. */
  hiddenIds: ReadonlySet<string>;
};

function isOlder(row: Conversation, than: Conversation): boolean {
  return row.last_message_at_ms < than.last_message_at_ms;
}

/**
 * The fresh page is the truth for the span of time it covers; older rows stay as they were, without those that moved up.
 * When fresh and old rows do not overlap, something was missed in between and the list starts again from the fresh page.
 */
export function mergeFirstPage(old: PagedConversations, fresh: Page<Conversation>, options: MergeOptions): PagedConversations {
  const visible = (rows: Conversation[]) => rows.filter((row) => !options.hiddenIds.has(row.id));
  const firstOld = old.pages[0];
  const lastFresh = fresh.rows.at(-1);
  const startOver: PagedConversations = { pages: [{ rows: visible(fresh.rows), next: fresh.next }], pageParams: [null] };
  if (!firstOld || !lastFresh || fresh.next === null) {
    return { ...startOver, pages: [{ rows: keepSelected(old, visible(fresh.rows), options.keptId), next: fresh.next }] };
  }
  const freshIds = new Set(fresh.rows.map((row) => row.id));
  const oldRowCount = old.pages.reduce((sum, page) => sum + page.rows.length, 0);
  const hasOverlap = old.pages.some((page) => page.rows.some((row) => freshIds.has(row.id) || isOlder(lastFresh, row)));
  if (oldRowCount > 0 && !hasOverlap) return startOver;
  // Rows of the same millisecond as the last fresh one may stand after it as well as before it: they stay.
  const older = old.pages.map((page) => page.rows.filter((row) => !freshIds.has(row.id) && !isOlder(lastFresh, row)));
  // When nothing older is loaded, the fresh page's own cursor continues the list.
  const hasOlder = older.some((rows) => rows.length > 0);
  if (!hasOlder) return { pages: [{ rows: keepSelected(old, visible(fresh.rows), options.keptId), next: fresh.next }], pageParams: [null] };
  const pages = old.pages.map((page, index) => ({
    rows: visible(index === 0 ? [...fresh.rows, ...(older[0] ?? [])] : (older[index] ?? [])),
    next: page.next,
  }));
  const first = pages[0];
  const isKeptLost = options.keptId !== null && !pages.some((page) => page.rows.some((row) => row.id === options.keptId));
  if (first && isKeptLost) first.rows = keepSelected(old, first.rows, options.keptId);
  return { pages, pageParams: old.pageParams };
}

function keepSelected(old: PagedConversations, rows: Conversation[], keptId: string | null): Conversation[] {
  if (keptId === null || rows.some((row) => row.id === keptId)) return rows;
  const kept = old.pages.flatMap((page) => page.rows).find((row) => row.id === keptId);
  if (!kept) return rows;
  const position = rows.findIndex((row) => row.last_message_at_ms < kept.last_message_at_ms);
  return position === -1 ? [...rows, kept] : [...rows.slice(0, position), kept, ...rows.slice(position)];
}

export function mapConversations(old: PagedConversations, change: (row: Conversation) => Conversation | null): PagedConversations {
  return {
    ...old,
    pages: old.pages.map((page) => ({ ...page, rows: page.rows.map(change).filter((row): row is Conversation => row !== null) })),
  };
}

/** Puts a row back where its time says it belongs; a list that has it already keeps its place. */
export function restoreConversation(old: PagedConversations, row: Conversation): PagedConversations {
  const isThere = old.pages.some((page) => page.rows.some((other) => other.id === row.id));
  if (isThere) return mapConversations(old, (other) => (other.id === row.id ? row : other));
  const isOlderThanRow = (other: Conversation) => isOlder(other, row);
  const following = old.pages.findIndex((page) => page.rows.some(isOlderThanRow));
  const pageIndex = following === -1 ? old.pages.length - 1 : following;
  const pages = old.pages.map((page, index) => {
    if (index !== pageIndex) return page;
    const position = page.rows.findIndex(isOlderThanRow);
    return { ...page, rows: position === -1 ? [...page.rows, row] : page.rows.toSpliced(position, 0, row) };
  });
  return { ...old, pages };
}
