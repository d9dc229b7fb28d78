// Brings live events into the caches: gathered, applied at most four times a second, with few requests however many events.
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import * as calls from "../api/calls";
import { CONVERSATION_PAGE_SIZE } from "../api/queries";
import type { Conversation, ConversationFilters, DomainEvent, Page } from "../api/types";
import { collectEffects, type Effects } from "./effects";
import { mapConversations, mergeFirstPage } from "./merge";
import { readHiddenIds, readOpenConversationId } from "./view_state";

const QUIET_MS = 250;
const FIGURES_QUIET_MS = 1_000;
/** By then the first page of the list has been read. */
const CATCH_UP_MS = 600;
const FEED_LIMIT = 2_000;
/** Up to this many touched conversations are read one by one for the caches outside of the lists. */
const CONVERSATION_READ_LIMIT = 5;

type ConversationPages = InfiniteData<Page<Conversation>, string | null>;
type EventPages = InfiniteData<Page<DomainEvent>, string | null>;

export type LiveApplier = { accept: (events: DomainEvent[]) => void; resetAll: () => void; catchUp: () => void; stop: () => void };

export function createLiveApplier(client: QueryClient): LiveApplier {
  let waiting: DomainEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let catchUpTimer: ReturnType<typeof setTimeout> | undefined;
  let isBusy = false;
  let figuresTimer: ReturnType<typeof setTimeout> | undefined;
  let figures = { campaignIds: new Set<string>(), areMailboxesTouched: false };

  function schedule(waitMs: number): void {
    timer ??= setTimeout(() => void flush(), waitMs);
  }

  async function flush(): Promise<void> {
    timer = undefined;
    if (isBusy || waiting.length === 0) return;
    isBusy = true;
    const events = waiting;
    waiting = [];
    try {
      await apply(client, events, collectEffects(events));
    } finally {
      isBusy = false;
      // The quiet time starts after the work, so a slow server is never asked faster than it answers.
      timer = setTimeout(() => void flush(), QUIET_MS);
    }
  }

  function gatherFigures(effects: Effects): void {
    for (const id of effects.campaignIds) figures.campaignIds.add(id);
    figures.areMailboxesTouched ||= effects.areMailboxesTouched;
    figuresTimer ??= setTimeout(() => {
      figuresTimer = undefined;
      const { campaignIds, areMailboxesTouched } = figures;
      figures = { campaignIds: new Set(), areMailboxesTouched: false };
      if (campaignIds.size > 0) void client.invalidateQueries({ queryKey: ["campaigns"] });
      for (const id of campaignIds) void client.invalidateQueries({ queryKey: ["campaign", id] });
      if (areMailboxesTouched) void client.invalidateQueries({ queryKey: ["mailboxes"] });
    }, FIGURES_QUIET_MS);
  }

  return {
    accept(events) {
      waiting.push(...events);
      if (waiting.length > FEED_LIMIT) {
        // A flood: reading the caches anew once is less than following every event.
        waiting = [];
        void client.invalidateQueries();
        return;
      }
      gatherFigures(collectEffects(events));
      schedule(0);
    },
    resetAll() {
      waiting = [];
      void client.invalidateQueries();
    },
    catchUp() {
      catchUpTimer = setTimeout(() => {
        void client.invalidateQueries({ queryKey: ["counts"] });
        void client.invalidateQueries({ queryKey: ["events"] });
        const openId = readOpenConversationId();
        if (openId) {
          void client.invalidateQueries({ queryKey: ["messages", openId] });
          void client.invalidateQueries({ queryKey: ["timeline", openId] });
        }
        void refreshLists(client);
      }, CATCH_UP_MS);
    },
    stop() {
      clearTimeout(catchUpTimer);
      clearTimeout(timer);
      clearTimeout(figuresTimer);
    },
  };
}

async function apply(client: QueryClient, events: DomainEvent[], effects: Effects): Promise<void> {
  addToFeed(client, events);
  const openId = readOpenConversationId();
  if (openId && effects.conversationIds.has(openId)) {
    void client.invalidateQueries({ queryKey: ["messages", openId] });
    void client.invalidateQueries({ queryKey: ["timeline", openId] });
  }
  for (const id of effects.contactIds) void client.invalidateQueries({ queryKey: ["contact", id] });
  for (const id of effects.conversationIds) {
    if (id !== openId) {
      void client.invalidateQueries({ queryKey: ["messages", id] });
      void client.invalidateQueries({ queryKey: ["timeline", id] });
    }
  }
  if (effects.areConnectionsTouched) void client.invalidateQueries({ queryKey: ["connections"] });
  if (!effects.areConversationsTouched) return;
  void client.invalidateQueries({ queryKey: ["counts"] });
  await Promise.all([refreshLists(client), refreshSingles(client, effects.conversationIds)]);
}

/** Reads the first page of each list on screen and merges it; lists off screen are read when they are opened again. */
export async function refreshLists(client: QueryClient): Promise<void> {
  const queries = client.getQueryCache().findAll({ queryKey: ["conversations"] });
  await Promise.all(
    queries.map(async (query) => {
      if (!query.isActive()) {
        client.removeQueries({ queryKey: query.queryKey, exact: true });
        return;
      }
      if (!query.state.data || query.state.fetchStatus === "fetching") return;
      const filters = query.queryKey[1] as ConversationFilters;
      try {
        const fresh = await calls.listConversations(filters, CONVERSATION_PAGE_SIZE, null);
        client.setQueryData<ConversationPages>(query.queryKey, (old) =>
          old ? mergeFirstPage(old, fresh, { keptId: readOpenConversationId(), hiddenIds: readHiddenIds(filters.view) }) : old,
        );
      } catch {
        // The next event or a reconnect reads again; the list on screen stays usable.
      }
    }),
  );
}

async function refreshSingles(client: QueryClient, ids: ReadonlySet<string>): Promise<void> {
  const openId = readOpenConversationId();
  const wanted = [...ids]
    .filter((id) => client.getQueryData(["conversation", id]) !== undefined)
    .sort((left, right) => Number(right === openId) - Number(left === openId))
    .slice(0, CONVERSATION_READ_LIMIT);
  await Promise.all(wanted.map((id) => client.invalidateQueries({ queryKey: ["conversation", id], exact: true })));
}

function addToFeed(client: QueryClient, events: DomainEvent[]): void {
  for (const query of client.getQueryCache().findAll({ queryKey: ["events"] })) {
    const prefix = String(query.queryKey[1] ?? "");
    client.setQueryData<EventPages>(query.queryKey, (old) => {
      const first = old?.pages[0];
      if (!old || !first) return old;
      const newest = first.rows[0]?.sequence ?? -1;
      const fresh = events.filter((event) => event.kind.startsWith(prefix) && event.sequence > newest).reverse();
      if (fresh.length === 0) return old;
      return { ...old, pages: [{ ...first, rows: [...fresh, ...first.rows].slice(0, FEED_LIMIT) }, ...old.pages.slice(1)] };
    });
  }
}

/** Changes conversations wherever they are cached; returning null from `change` takes one out of the lists. */
export function changeCachedConversations(
  client: QueryClient,
  ids: ReadonlySet<string>,
  change: (row: Conversation, filters: ConversationFilters) => Conversation | null,
): void {
  for (const query of client.getQueryCache().findAll({ queryKey: ["conversations"] })) {
    const filters = query.queryKey[1] as ConversationFilters;
    client.setQueryData<ConversationPages>(query.queryKey, (old) => (old ? mapConversations(old, (row) => (ids.has(row.id) ? change(row, filters) : row)) : old));
  }
  for (const id of ids) client.setQueryData<Conversation>(["conversation", id], (old) => (old ? (change(old, {}) ?? old) : old));
}
