// The inbox: list, thread and contact; the open conversation and the filters stand in the address.
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { messagesQuery, timelineQuery } from "../../api/queries";
import type { Conversation, ConversationFilters } from "../../api/types";
import { useChangeReason } from "../../components/permission";
import { useIsPhone } from "../../components/viewport";
import { useCommand } from "../../keyboard/commands";
import { useConversationActions } from "./actions";
import { ConversationList, useConversationRows } from "./conversation_list";
import { ConversationPane } from "./conversation_pane";
import { FilterBar } from "./filter_bar";
import { parseFilters } from "./filters";
import styles from "./list.module.css";
import { Split } from "./split";
import { inboxWords } from "./words";

export function InboxView() {
  const t = inboxWords.use();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const { conversationId: openId = null } = useParams({ strict: false }) as { conversationId?: string };
  const searchKey = JSON.stringify(parseFilters(search));
  const filters = useMemo(() => JSON.parse(searchKey) as ConversationFilters, [searchKey]);
  const { query, rows } = useConversationRows(filters);
  const actions = useConversationActions();
  const disabledReason = useChangeReason();
  const isPhone = useIsPhone();
  const [cursorId, setCursorId] = useState<string | null>(null);
  const pointId = openId ?? cursorId;
  const point = rows.findIndex((row) => row.id === pointId);

  const open = (row: Conversation | undefined, isReplacing: boolean) => {
    if (!row) return;
    void navigate({ to: "/inbox/$conversationId", params: { conversationId: row.id }, search: filters, replace: isReplacing });
  };
  const close = () => {
    setCursorId(openId);
    void navigate({ to: "/inbox", search: filters });
  };
  const step = (distance: 1 | -1) => {
    const target = rows[point === -1 ? 0 : point + distance];
    if (!target) return;
    setCursorId(target.id);
    if (openId !== null) open(target, true);
    else focusRow(target.id);
  };
  const goOnAfter = (gone: Conversation) => {
    const index = rows.findIndex((row) => row.id === gone.id);
    const following = rows[index + 1] ?? rows[index - 1];
    setCursorId(following?.id ?? null);
    if (isPhone || !following) close();
    else open(following, true);
  };
  const cursorRow = openId === null ? rows.find((row) => row.id === cursorId) : undefined;
  const moveRow = (row: Conversation) => {
    if (row.is_archived) actions.unarchive(row);
    else {
      actions.archive(row);
      if (row.id === openId) goOnAfter(row);
      else if (row.id === cursorId) {
        const following = rows[point + 1] ?? rows[point - 1];
        setCursorId(following?.id ?? null);
        if (following) focusRow(following.id);
      }
    }
  };
  const onCursorRow = (run: (row: Conversation) => void) => (cursorRow && !disabledReason ? () => run(cursorRow) : null);
  useCommand("next", () => step(1));
  useCommand("previous", () => step(-1));
  useCommand("archive", onCursorRow(moveRow));
  useCommand("mark_read", onCursorRow((row) => void actions.setRead(row, true)));
  useCommand("mark_unread", onCursorRow((row) => void actions.setRead(row, false)));
  usePrefetchNext(openId === null ? undefined : rows[point + 1]);

  const rowActions = useStableActions((row) => open(row, false), moveRow, (row) => void actions.setRead(row, row.unread_count > 0), disabledReason);
  const changeFilters = (next: ConversationFilters) => void navigate({ to: "/inbox", search: parseFilters(next as Record<string, unknown>) });
  return (
    <Split
      title={t("title")}
      isOpen={openId !== null}
      list={
        <section className={styles.pane} aria-label={t("title")}>
          <FilterBar filters={filters} onChange={changeFilters} />
          <ConversationList
            filters={filters}
            rows={rows}
            query={query}
            selectedId={openId}
            cursorId={openId === null ? cursorId : null}
            actions={rowActions}
            onClearFilters={() => changeFilters({ view: filters.view })}
          />
        </section>
      }
      thread={<ConversationPane conversationId={openId} known={rows.find((row) => row.id === openId)} onBack={close} onArchived={goOnAfter} />}
    />
  );
}

/** The row may not be rendered yet when the list has to scroll to it first. */
function focusRow(id: string): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })),
  );
}

type RowHandler = (row: Conversation) => void;

/** Rows are memoised, so their handlers must not change with each render. */
function useStableActions(onOpen: RowHandler, onMove: RowHandler, onToggleRead: RowHandler, disabledReason: string | null) {
  const [latest] = useState<{ onOpen: RowHandler; onMove: RowHandler; onToggleRead: RowHandler }>(() => ({ onOpen, onMove, onToggleRead }));
  useEffect(() => {
    latest.onOpen = onOpen;
    latest.onMove = onMove;
    latest.onToggleRead = onToggleRead;
  });
  return useMemo(
    () => ({
      onOpen: (row: Conversation) => latest.onOpen(row),
      onMove: (row: Conversation) => latest.onMove(row),
      onToggleRead: (row: Conversation) => latest.onToggleRead(row),
      disabledReason,
    }),
    [latest, disabledReason],
  );
}

function usePrefetchNext(row: Conversation | undefined): void {
  const client = useQueryClient();
  const id = row?.id;
  useEffect(() => {
    if (!id) return;
    const timer = setTimeout(() => {
      void client.prefetchInfiniteQuery(messagesQuery(id));
      void client.prefetchQuery(timelineQuery(id));
    }, 150);
    return () => clearTimeout(timer);
  }, [client, id]);
}
