// Archive and read state, for one conversation or many: shown at once, sent after, taken back where the server refuses; archive
// offers ten seconds of undo.
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";
import * as calls from "../../api/calls";
import type { Conversation } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { closeToast, showToast } from "../../components/toast";
import { useFormat } from "../../i18n/format";
import { changeCachedConversations, refreshLists } from "../../live/apply";
import { restoreConversation, type PagedConversations } from "../../live/merge";
import { finishMove, startMove } from "../../live/view_state";
import { inboxWords } from "./words";

type Move = "archive" | "unarchive";
type Failure = { conversation: Conversation; error: unknown };

/** Requests on their way at once when many conversations change. */
const AT_ONCE = 6;

const idsOf = (conversations: readonly Conversation[]) => new Set(conversations.map((conversation) => conversation.id));

function showMove(client: QueryClient, conversations: readonly Conversation[], move: Move): void {
  const isArchived = move === "archive";
  changeCachedConversations(client, idsOf(conversations), (row, filters) => {
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

/** Sends each change and gives back those that failed; one failure stops none of the others. */
async function sendAll(conversations: readonly Conversation[], send: (conversation: Conversation) => Promise<void>): Promise<Failure[]> {
  const waiting = [...conversations];
  const failures: Failure[] = [];
  const work = async () => {
    for (let conversation = waiting.shift(); conversation; conversation = waiting.shift()) {
      try {
        await send(conversation);
      } catch (error) {
        failures.push({ conversation, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

export function useConversationActions() {
  const client = useQueryClient();
  const t = inboxWords.use();
  const format = useFormat();
  const describe = useErrorText();
  return useMemo(() => {
    const nameOf = (conversation: Conversation) => conversation.contact.name || conversation.contact.address;

    function tellFailures(failures: readonly Failure[], one: "archive_failed" | "change_failed"): void {
      const first = failures[0];
      if (!first) return;
      const cause = describe(first.error);
      const many = one === "archive_failed" ? "archive_many_failed" : "change_many_failed";
      showToast(failures.length === 1 ? t(one, { name: nameOf(first.conversation), cause }) : t(many, { shown: format.number(failures.length), cause }));
    }

    async function move(conversations: readonly Conversation[], direction: Move, toastId: number | null = null): Promise<void> {
      const lists = new Map(conversations.map(({ id }) => [id, findListsWith(client, id)]));
      for (const { id } of conversations) startMove(id, direction);
      showMove(client, conversations, direction);
      const failures = await sendAll(conversations, async ({ id }) => {
        const changed = await calls.updateConversation(id, direction);
        client.setQueryData<Conversation>(["conversation", id], (old) => (old ? changed : old));
      });
      if (failures.length > 0 && toastId !== null) closeToast(toastId);
      tellFailures(failures, direction === "archive" ? "archive_failed" : "change_failed");
      for (const { conversation } of failures) takeBack(client, conversation, lists.get(conversation.id) ?? []);
      for (const { id } of conversations) finishMove(id);
      void client.invalidateQueries({ queryKey: ["counts"] });
      await refreshLists(client);
    }

    function moveWithUndo(conversations: readonly Conversation[], direction: Move): void {
      const first = conversations[0];
      if (!first) return;
      const [one, many] = direction === "archive" ? (["archived_toast", "archived_many"] as const) : (["unarchived_toast", "unarchived_many"] as const);
      const text = conversations.length === 1 ? t(one, { name: nameOf(first) }) : t(many, { shown: format.number(conversations.length) });
      const toastId = showToast(text, () => void move(conversations, direction === "archive" ? "unarchive" : "archive"));
      void move(conversations, direction, toastId);
    }

    async function setReadOf(conversations: readonly Conversation[], isRead: boolean): Promise<void> {
      const changing = conversations.filter((conversation) => conversation.unread_count > 0 === isRead);
      changeCachedConversations(client, idsOf(changing), (row) => ({ ...row, unread_count: isRead ? 0 : Math.max(1, row.unread_count) }));
      const failures = await sendAll(changing, async ({ id }) => {
        await calls.updateConversation(id, isRead ? "read" : "unread");
      });
      for (const { conversation } of failures) {
        changeCachedConversations(client, new Set([conversation.id]), (row) => ({ ...row, unread_count: conversation.unread_count }));
      }
      tellFailures(failures, "change_failed");
      void client.invalidateQueries({ queryKey: ["counts"] });
      void client.invalidateQueries({ queryKey: ["mailboxes"] });
    }

    return {
      archive: (conversation: Conversation) => moveWithUndo([conversation], "archive"),
      unarchive: (conversation: Conversation) => moveWithUndo([conversation], "unarchive"),
      /** Archives what is not archived; when all of it is, the other way round. */
      moveAll: (conversations: readonly Conversation[]) => {
        const inInbox = conversations.filter((conversation) => !conversation.is_archived);
        if (inInbox.length > 0) moveWithUndo(inInbox, "archive");
        else moveWithUndo(conversations, "unarchive");
      },
      setRead: (conversation: Conversation, isRead: boolean) => setReadOf([conversation], isRead),
      setReadOf,
    };
  }, [client, t, format, describe]);
}
