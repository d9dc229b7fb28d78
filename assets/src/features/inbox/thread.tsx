// The open conversation: head with its actions, messages and events in one quiet column, newest at the end.
import { Button } from "@mantine/core";
import { IconArchive, IconArrowLeft, IconInbox, IconLayoutSidebarRight, IconMail, IconMailOpened } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useLayoutEffect, useMemo, useRef } from "react";
import { messagesQuery, timelineQuery } from "../../api/queries";
import type { Conversation } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { Bone, Delayed } from "../../components/skeleton";
import { useFormat, useNow } from "../../i18n/format";
import { hasChip } from "./categories";
import { CategoryChip } from "./category_chip";
import { MessageItem } from "./message_item";
import styles from "./thread.module.css";
import { buildThreadItems } from "./thread_items";
import { TimelineLine } from "./timeline_line";
import { inboxWords } from "./words";

export type ThreadActions = {
  onBack: (() => void) | null;
  onMove: () => void;
  onToggleRead: () => void;
  onToggleDetails: () => void;
  areDetailsShown: boolean;
  disabledReason: string | null;
};

export function Thread({ conversation, actions }: { conversation: Conversation; actions: ThreadActions }) {
  const t = inboxWords.use();
  return (
    <section className={styles.pane} aria-label={t("thread")}>
      <ThreadHead conversation={conversation} actions={actions} />
      <ThreadBody key={conversation.id} conversationId={conversation.id} />
    </section>
  );
}

function ThreadHead({ conversation, actions }: { conversation: Conversation; actions: ThreadActions }) {
  const t = inboxWords.use();
  const isUnread = conversation.unread_count > 0;
  const { contact, mailbox } = conversation;
  return (
    <header className={styles.head}>
      {actions.onBack ? <ActionButton icon={IconArrowLeft} label={t("back")} command="back" onClick={actions.onBack} /> : null}
      <div className={styles.titles}>
        <h2 className={styles.title} title={conversation.subject}>
          {conversation.subject || t("no_subject")}
        </h2>
        <div className={styles.under}>
          {hasChip(conversation.category) ? (
            <div className={styles.headChip}>
              <CategoryChip category={conversation.category} label={conversation.label} />
            </div>
          ) : null}
          <span>{mailbox ? t("from_to", { from: contact.name || contact.address, to: mailbox.address }) : contact.name || contact.address}</span>
        </div>
      </div>
      <div className={styles.headActions}>
        <ActionButton
          icon={isUnread ? IconMailOpened : IconMail}
          label={isUnread ? t("mark_read") : t("mark_unread")}
          command={isUnread ? "mark_read" : "mark_unread"}
          disabledReason={actions.disabledReason}
          onClick={actions.onToggleRead}
        />
        <ActionButton
          icon={conversation.is_archived ? IconInbox : IconArchive}
          label={conversation.is_archived ? t("unarchive") : t("archive")}
          command="archive"
          disabledReason={actions.disabledReason}
          onClick={actions.onMove}
        />
        <ActionButton
          icon={IconLayoutSidebarRight}
          label={actions.areDetailsShown ? t("details_hide") : t("details_show")}
          isPressed={actions.areDetailsShown}
          onClick={actions.onToggleDetails}
        />
      </div>
    </header>
  );
}

function ThreadBody({ conversationId }: { conversationId: string }) {
  const t = inboxWords.use();
  const format = useFormat();
  const now = useNow();
  const messages = useInfiniteQuery(messagesQuery(conversationId));
  const timeline = useQuery(timelineQuery(conversationId));
  const scroller = useRef<HTMLDivElement>(null);
  const column = useRef<HTMLDivElement>(null);

  // Pages run backwards in time, rows inside a page forwards.
  const rows = useMemo(() => (messages.data?.pages ?? []).toReversed().flatMap((page) => page.rows), [messages.data]);
  const items = useMemo(() => buildThreadItems(rows, timeline.data ?? [], format.dayOf), [rows, timeline.data, format]);
  const newestId = rows.at(-1)?.id;
  const newestReceivedId = rows.findLast((message) => message.direction === "in")?.id;
  useThreadScroll(scroller, column, rows[0]?.id, newestId, timeline.isPending);

  if (messages.isPending) return <ThreadBones />;
  if (messages.isError && rows.length === 0) return <PaneError title={t("thread_error")} error={messages.error} onRetry={() => void messages.refetch()} />;
  if (rows.length === 0) return <PaneMessage title={t("thread_empty")} text={t("thread_empty_text")} />;
  return (
    <div ref={scroller} className={styles.scroll} tabIndex={0} role="region" aria-label={t("messages")}>
      <div ref={column} className={styles.column}>
        {messages.hasNextPage ? (
          <div className={styles.older}>
            <Button variant="default" size="xs" loading={messages.isFetchingNextPage} onClick={() => void messages.fetchNextPage()}>
              {t("older")}
            </Button>
          </div>
        ) : null}
        {items.map((item) => {
          if (item.kind === "day") {
            return (
              <div key={item.key} className={styles.day}>
                {format.day(item.atMs, now)}
              </div>
            );
          }
          if (item.kind === "line") return <TimelineLine key={item.key} entry={item.entry} count={item.count} hasDate={item.hasDate} />;
          return <MessageItem key={item.key} message={item.message} isOpenAtFirst={item.message.id === newestId || item.message.id === newestReceivedId} />;
        })}
      </div>
    </div>
  );
}

/** Opens at the newest message, follows new ones while the reader is at the end, and stays put when older ones load above. */
function useThreadScroll(
  scroller: React.RefObject<HTMLDivElement | null>,
  column: React.RefObject<HTMLDivElement | null>,
  oldestId: string | undefined,
  newestId: string | undefined,
  isTimelinePending: boolean,
): void {
  const before = useRef<{ oldestId?: string; newestId?: string; height: number; wasAtEnd: boolean }>({ height: 0, wasAtEnd: true });
  useLayoutEffect(() => {
    const pane = scroller.current;
    if (!pane || !newestId) return;
    const last = before.current;
    const isFirst = last.newestId === undefined;
    if (isFirst || (last.newestId !== newestId && last.wasAtEnd) || (isTimelinePending === false && last.wasAtEnd)) {
      const newest = column.current?.querySelector<HTMLElement>("article:last-of-type");
      const top = newest ? newest.offsetTop - pane.offsetTop - 12 : pane.scrollHeight;
      pane.scrollTop = Math.min(top, pane.scrollHeight);
    } else if (last.oldestId !== oldestId) {
      pane.scrollTop += pane.scrollHeight - last.height;
    }
    before.current = { oldestId, newestId, height: pane.scrollHeight, wasAtEnd: true };
    const remember = () => {
      before.current.wasAtEnd = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 80;
      before.current.height = pane.scrollHeight;
    };
    pane.addEventListener("scroll", remember, { passive: true });
    return () => pane.removeEventListener("scroll", remember);
  }, [scroller, column, oldestId, newestId, isTimelinePending]);
}

function ThreadBones() {
  return (
    <Delayed>
      <div className={styles.column} style={{ paddingTop: 40 }}>
        {[40, 120, 180].map((height, index) => (
          <div key={height} className={styles.message} data-direction={index === 1 ? "out" : "in"} style={{ height, padding: 14 }}>
            <Bone width="32%" />
          </div>
        ))}
      </div>
    </Delayed>
  );
}
