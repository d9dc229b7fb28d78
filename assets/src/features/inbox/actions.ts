// Archive and read state: shown at once, sent after, taken back when the server refuses; archive offers ten seconds of undo.
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";
import * as calls from "../../api/calls";
import type { Conversation } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { closeToast, showToast } from "../../components/toast";
import { changeCachedConversation, refreshLists } from "../../live/apply";
import { restoreConversation, type PagedConversations } from "../../live/merge";
import { finishMove, startMove } from "../../live/view_state";
import { inboxWords } from "./words";

type Move = "archive" | "unarchive";

function showMove(client: QueryClient, conversation: Conversation, move: Move): void {
  const isArchived = move === "archive";
  changeCachedConversation(client, conversation.id, (row, filters) => {
    if (filters.view === "all") return { ...row, is_archived: isArchived };
    const leaves = isArchived ? filters.view !== "archived" : filters.view === "archived";
    return leaves ? null : { ...row, is_archived: isArchived };
  });
}

function findListsWith(client: QueryClient, id: string): QueryKey[] {
  return client
    .getQueriesData<PagedConversations>({ queryKey: ["conversations"] })
    .filter(([, list]) => list?.pages.some((page) => page.rows.some((row) => row.id === id)))
    .map(([key]) => key);
}

/** The server may be out of reach, so the rows come back from what is known here. */
function takeBack(client: QueryClient, conversation: Conversation, lists: readonly QueryKey[]): void {
  for (const key of lists) client.setQueryData<PagedConversations>(key, (old) => (old ? restoreConversation(old, conversation) : old));
  client.setQueryData<Conversation>(["conversation", conversation.id], (old) => (old ? conversation : old));
}

export function useConversationActions() {
  const client = useQueryClient();
  const t = inboxWords.use();
  const describe = useErrorText();
  return useMemo(() => {
    const nameOf = (conversation: Conversation) => conversation.contact.name || conversation.contact.address;

    async function move(conversation: Conversation, direction: Move, toastId: number | null = null): Promise<void> {
      const lists = findListsWith(client, conversation.id);
      startMove(conversation.id, direction);
      showMove(client, conversation, direction);
      try {
        const changed = await calls.updateConversation(conversation.id, direction);
        client.setQueryData<Conversation>(["conversation", conversation.id], (old) => (old ? changed : old));
      } catch (error) {
        if (toastId !== null) closeToast(toastId);
        showToast(t(direction === "archive" ? "archive_failed" : "change_failed", { name: nameOf(conversation), cause: describe(error) }));
        takeBack(client, conversation, lists);
      } finally {
        finishMove(conversation.id);
      }
      void client.invalidateQueries({ queryKey: ["counts"] });
      await refreshLists(client);
    }

    function archive(conversation: Conversation): void {
      const toastId = showToast(t("archived_toast", { name: nameOf(conversation) }), () => void move(conversation, "unarchive"));
      void move(conversation, "archive", toastId);
    }

    function unarchive(conversation: Conversation): void {
      const toastId = showToast(t("unarchived_toast", { name: nameOf(conversation) }), () => void move(conversation, "archive"));
      void move(conversation, "unarchive", toastId);
    }

    async function setRead(conversation: Conversation, isRead: boolean): Promise<void> {
      const unreadCount = isRead ? 0 : Math.max(1, conversation.unread_count);
      changeCachedConversation(client, conversation.id, (row) => ({ ...row, unread_count: unreadCount }));
      try {
        await calls.updateConversation(conversation.id, isRead ? "read" : "unread");
      } catch (error) {
        changeCachedConversation(client, conversation.id, (row) => ({ ...row, unread_count: conversation.unread_count }));
        showToast(t("change_failed", { name: nameOf(conversation), cause: describe(error) }));
      }
      void client.invalidateQueries({ queryKey: ["counts"] });
      void client.invalidateQueries({ queryKey: ["mailboxes"] });
    }

    return { archive, unarchive, setRead };
  }, [client, t, describe]);
}
