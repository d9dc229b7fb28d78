// Loads the open conversation and puts thread and contact panel together; inbox and search both show it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { conversationQuery } from "../../api/queries";
import { useMe } from "../../api/session";
import type { Conversation } from "../../api/types";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { useChangeReason } from "../../components/permission";
import { describeKeys } from "../../components/shortcut_keys";
import { useStoredState } from "../../components/stored_state";
import { useIsNarrow, useIsVisible } from "../../components/viewport";
import { componentWords } from "../../components/words";
import { useShownBindings } from "../../keyboard/bindings";
import { useCommand } from "../../keyboard/commands";
import { setOpenConversationId } from "../../live/view_state";
import { useConversationActions } from "./actions";
import { ContactPanel } from "./contact_panel";
import styles from "./split.module.css";
import { Thread } from "./thread";
import { inboxWords } from "./words";

type ConversationPaneProps = {
  conversationId: string | null;
  /** A row of the list, if it has the conversation: the head is then there without waiting. */
  known: Conversation | undefined;
  onBack: () => void;
  onArchived: (conversation: Conversation) => void;
};

export function ConversationPane({ conversationId, known, onBack, onArchived }: ConversationPaneProps) {
  const t = inboxWords.use();
  const shared = componentWords.use();
  const bindings = useShownBindings();
  if (conversationId === null) {
    const next = describeKeys(bindings.next, shared);
    const previous = describeKeys(bindings.previous, shared);
    return (
      <div className={styles.empty}>
        <PaneMessage title={t("pick_title")} text={next !== null && previous !== null ? t("pick_text", { next, previous }) : t("pick_text_plain")} />
      </div>
    );
  }
  return <OpenConversation conversationId={conversationId} known={known} onBack={onBack} onArchived={onArchived} />;
}

function OpenConversation({ conversationId, known, onBack, onArchived }: ConversationPaneProps & { conversationId: string }) {
  const t = inboxWords.use();
  const query = useQuery({ ...conversationQuery(conversationId), placeholderData: known });
  const actions = useConversationActions();
  const disabledReason = useChangeReason();
  const isNarrow = useIsNarrow();
  const [areWideDetailsShown, setWideDetailsShown] = useStoredState("details_wide", true);
  const [areNarrowDetailsShown, setNarrowDetailsShown] = useStoredState("details_narrow", false);
  const areDetailsShown = isNarrow ? areNarrowDetailsShown : areWideDetailsShown;
  const setDetailsShown = isNarrow ? setNarrowDetailsShown : setWideDetailsShown;
  const conversation = query.data;

  useEffect(() => {
    setOpenConversationId(conversationId);
    return () => setOpenConversationId(null);
  }, [conversationId]);
  useMarkReadOnOpen(query.isPlaceholderData ? undefined : conversation);

  const move = () => {
    if (!conversation || disabledReason) return;
    if (conversation.is_archived) actions.unarchive(conversation);
    else {
      actions.archive(conversation);
      onArchived(conversation);
    }
  };
  const setRead = (isRead: boolean) => {
    if (conversation && !disabledReason) void actions.setRead(conversation, isRead);
  };
  useCommand("back", onBack);
  useCommand("archive", conversation ? move : null);
  useCommand("mark_unread", conversation ? () => setRead(false) : null);
  useCommand("mark_read", conversation ? () => setRead(true) : null);

  if (query.isError && !conversation) {
    return (
      <div className={styles.empty}>
        <PaneError title={t("thread_error")} error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  }
  if (!conversation) return <div className={styles.empty} />;
  return (
    <>
      <Thread
        conversation={conversation}
        actions={{
          onBack,
          onMove: move,
          onToggleRead: () => setRead(conversation.unread_count > 0),
          onToggleDetails: () => setDetailsShown(!areDetailsShown),
          areDetailsShown,
          disabledReason,
        }}
      />
      {areDetailsShown ? <ContactPanel conversation={conversation} onClose={() => setDetailsShown(false)} /> : null}
    </>
  );
}

/** Reading is what marks as read: once per opening, and again for messages that arrive while the thread is in front. */
function useMarkReadOnOpen(conversation: Conversation | undefined): void {
  const actions = useConversationActions();
  const mayChange = useMe().permissions.includes("inbox.change");
  const isVisible = useIsVisible();
  const handled = useRef<string | null>(null);
  const id = conversation?.id;
  const lastMessageAtMs = conversation?.last_message_at_ms;
  const isUnread = (conversation?.unread_count ?? 0) > 0;
  useEffect(() => {
    const key = `${id}/${lastMessageAtMs}`;
    if (!conversation || !isVisible || !mayChange || handled.current === key) return;
    handled.current = key;
    if (isUnread) void actions.setRead(conversation, true);
  }, [id, lastMessageAtMs, isUnread, isVisible, mayChange, actions, conversation]);
}
