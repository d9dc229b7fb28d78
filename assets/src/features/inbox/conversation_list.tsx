// The virtual list of conversations: fixed rows, pages read ahead, and a view that stays put when rows arrive above it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Button } from "@mantine/core";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { conversationsQuery } from "../../api/queries";
import type { Conversation, ConversationFilters } from "../../api/types";
import { ConnectAction } from "../../components/connect_action";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { Bone, Delayed } from "../../components/skeleton";
import { componentWords } from "../../components/words";
import { ConversationRow, type RowActions } from "./conversation_row";
import { hasNarrowing } from "./filters";
import styles from "./list.module.css";
import { inboxWords } from "./words";

export const ROW_HEIGHT = 60;
/** Rows left below the view when the next page is asked for. */
const READ_AHEAD = 80;

export function useConversationRows(filters: ConversationFilters) {
  const query = useInfiniteQuery(conversationsQuery(filters));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  return { query, rows };
}

type ListProps = {
  filters: ConversationFilters;
  rows: Conversation[];
  query: ReturnType<typeof useConversationRows>["query"];
  selectedId: string | null;
  cursorId: string | null;
  checkedIds: ReadonlySet<string>;
  isSelecting: boolean;
  actions: RowActions;
  onClearFilters: () => void;
  onShowInbox: () => void;
};

export function ConversationList({ filters, rows, query, selectedId, cursorId, checkedIds, isSelecting, actions, onClearFilters, onShowInbox }: ListProps) {
  const t = inboxWords.use();
  const shared = componentWords.use();
  const router = useRouter();
  const scroller = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  const hasFoot = isFetchNextPageError || (!hasNextPage && query.data?.pages.at(-1)?.next !== null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  useStableScroll(scroller, rows);

  const addressSearch = useMemo(() => router.buildLocation({ to: "/inbox", search: filters }).searchStr, [router, filters]);
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && lastIndex + READ_AHEAD >= rows.length) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, lastIndex, rows.length]);

  const filterKey = JSON.stringify(filters);
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [filterKey]);

  const followedId = cursorId ?? selectedId;
  const followedIndex = useMemo(() => rows.findIndex((row) => row.id === followedId), [rows, followedId]);
  const lastFollowed = useRef<string | null>(null);
  useEffect(() => {
    if (followedIndex < 0 || lastFollowed.current === followedId) return;
    lastFollowed.current = followedId;
    virtual.scrollToIndex(followedIndex, { align: "auto" });
  }, [followedIndex, followedId, virtual]);

  if (query.isPending) return <ListBones />;
  if (query.isError && rows.length === 0) return <PaneError title={t("list_error")} error={query.error} onRetry={() => void query.refetch()} />;
  if (rows.length === 0) return <EmptyList filters={filters} onClearFilters={onClearFilters} onShowInbox={onShowInbox} />;
  return (
    <div ref={scroller} className={styles.scroll}>
      <div role="list" aria-label={t("list_label")} style={{ position: "relative", height: virtual.getTotalSize() + (hasFoot ? ROW_HEIGHT : 0) }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <ConversationRow
              key={row.id}
              conversation={row}
              address={`/inbox/${row.id}${addressSearch}`}
              top={item.start}
              index={item.index}
              isSelected={row.id === selectedId}
              isCursor={row.id === cursorId}
              isChecked={checkedIds.has(row.id)}
              isSelecting={isSelecting}
              actions={actions}
            />
          );
        })}
      </div>
      {hasFoot ? (
        <div className={styles.foot} style={{ top: virtual.getTotalSize() }}>
          {isFetchNextPageError ? (
            <>
              {t("more_error")}
              <Button size="xs" variant="default" onClick={() => void fetchNextPage()}>
                {shared("retry")}
              </Button>
            </>
          ) : (
            t("list_end")
          )}
        </div>
      ) : null}
    </div>
  );
}

/** Keeps the first visible row where it is when rows are added, moved or taken away above it; at the very top new rows just appear. */
function useStableScroll(scroller: React.RefObject<HTMLDivElement | null>, rows: Conversation[]): void {
  const previous = useRef<Conversation[]>(rows);
  useLayoutEffect(() => {
    const before = previous.current;
    previous.current = rows;
    const element = scroller.current;
    if (!element || before === rows || element.scrollTop < ROW_HEIGHT / 2) return;
    const firstVisible = Math.floor(element.scrollTop / ROW_HEIGHT);
    // The first visible row may itself be the one that moved up, so the next ones are tried as well.
    for (let index = firstVisible; index < Math.min(firstVisible + 12, before.length); index += 1) {
      const anchor = before[index];
      if (!anchor) return;
      if (rows[index]?.id === anchor.id) return;
      const after = rows.findIndex((row) => row.id === anchor.id);
      const hasMovedUp = after !== -1 && (rows[after]?.last_message_at_ms ?? 0) > anchor.last_message_at_ms;
      if (after === -1 || hasMovedUp) continue;
      element.scrollTop += (after - index) * ROW_HEIGHT;
      return;
    }
  }, [rows, scroller]);
}

function EmptyList({ filters, onClearFilters, onShowInbox }: Pick<ListProps, "filters" | "onClearFilters" | "onShowInbox">) {
  const t = inboxWords.use();
  if (hasNarrowing(filters)) {
    return (
      <PaneMessage
        title={t("empty_filtered")}
        text={t("empty_filtered_text")}
        action={
          <Button variant="default" onClick={onClearFilters}>
            {t("filters_clear")}
          </Button>
        }
      />
    );
  }
  if (filters.view === "archived" || filters.view === "sent") {
    const toInbox = (
      <Button variant="default" onClick={onShowInbox}>
        {t("go_inbox")}
      </Button>
    );
    return <PaneMessage title={t(`empty_${filters.view}`)} text={t(`empty_${filters.view}_text`)} action={toInbox} />;
  }
  return (
    <PaneMessage
      title={t("empty_inbox")}
      text={t("empty_inbox_text")}
      action={<ConnectAction />}
    />
  );
}

function ListBones() {
  return (
    <Delayed>
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} className={styles.boneRow}>
          <div className={styles.boneLine}>
            <Bone width={`${52 - (index % 4) * 7}%`} />
            <Bone width={36} height={10} />
          </div>
          <Bone width={`${86 - (index % 3) * 11}%`} height={10} />
        </div>
      ))}
    </Delayed>
  );
}
