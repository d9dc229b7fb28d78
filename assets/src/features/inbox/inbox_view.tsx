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
import type { RowActions } from "./conversation_row";
import { FilterBar } from "./filter_bar";
import { parseFilters } from "./filters";
import styles from "./list.module.css";
import { useSelection } from "./selection";
import { SelectionBar } from "./selection_bar";
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
  const selection = useSelection(rows, searchKey);
  const isSelecting = selection.selected.length > 0;

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
  const moveSelected = () => {
    const { selected } = selection;
    const gone = new Set(selected.map((row) => row.id));
    const following = rows.slice(Math.max(0, point)).find((row) => !gone.has(row.id)) ?? rows.findLast((row) => !gone.has(row.id));
    selection.clear();
    actions.moveAll(selected);
    if (pointId === null || !gone.has(pointId)) return;
    setCursorId(following?.id ?? null);
    if (openId === null) {
      if (following) focusRow(following.id);
    } else if (isPhone || !following) close();
    else open(following, true);
  };
  const setSelectedRead = (isRead: boolean) => {
    const { selected } = selection;
    selection.clear();
    void actions.setReadOf(selected, isRead);
  };
  // What is selected is meant before the open conversation and the row under the cursor.
  const onSelected = (run: () => void) => (isSelecting && !disabledReason ? run : null);
  const pointRow = rows[point];
  useCommand("select", pointRow ? () => selection.toggle(pointRow.id, false) : null);
  useCommand("clear_selection", isSelecting ? selection.clear : null);
  useCommand("archive", onSelected(moveSelected), 1);
  useCommand("mark_read", onSelected(() => setSelectedRead(true)), 1);
  useCommand("mark_unread", onSelected(() => setSelectedRead(false)), 1);
  usePrefetchNext(openId === null ? undefined : rows[point + 1]);

  const rowActions = useStableActions(
    {
      onOpen: (row) => open(row, false),
      onMove: moveRow,
      onToggleRead: (row) => void actions.setRead(row, row.unread_count > 0),
      onSelect: (row, isRange) => {
        setCursorId(row.id);
        selection.toggle(row.id, isRange);
      },
    },
    disabledReason,
  );
  const changeFilters = (next: ConversationFilters) => void navigate({ to: "/inbox", search: parseFilters(next as Record<string, unknown>) });
  return (
    <Split
      title={t("title")}
      isOpen={openId !== null}
      list={
        <section className={styles.pane} aria-label={t("title")}>
          <FilterBar
            filters={filters}
            onChange={changeFilters}
            selection={
              isSelecting ? (
                <SelectionBar selected={selection.selected} actions={{ onMove: moveSelected, onSetRead: setSelectedRead, onClear: selection.clear, disabledReason }} />
              ) : null
            }
          />
          <ConversationList
            filters={filters}
            rows={rows}
            query={query}
            selectedId={openId}
            cursorId={openId === null ? cursorId : null}
            checkedIds={selection.ids}
            isSelecting={isSelecting}
            actions={rowActions}
            onClearFilters={() => changeFilters({ view: filters.view })}
            onShowInbox={() => changeFilters({})}
          />
        </section>
      }
      thread={
        // Beside an empty list there is nothing to choose from, so nothing asks for it.
        openId === null && rows.length === 0 ? null : (
          <ConversationPane conversationId={openId} known={rows.find((row) => row.id === openId)} onBack={close} onArchived={goOnAfter} />
        )
      }
    />
  );
}

/** The row may not be rendered yet when the list has to scroll to it first. */
function focusRow(id: string): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-conversation="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })),
  );
}

type RowHandlers = Omit<RowActions, "disabledReason">;

/** Rows are memoised, so their handlers must not change with each render. */
function useStableActions(handlers: RowHandlers, disabledReason: string | null): RowActions {
  const [latest] = useState<RowHandlers>(() => ({ ...handlers }));
  useEffect(() => {
    Object.assign(latest, handlers);
  });
  return useMemo(
    () => ({
      onOpen: (row) => latest.onOpen(row),
      onMove: (row) => latest.onMove(row),
      onToggleRead: (row) => latest.onToggleRead(row),
      onSelect: (row, isRange) => latest.onSelect(row, isRange),
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
