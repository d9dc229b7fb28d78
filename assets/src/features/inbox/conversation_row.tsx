// One conversation in the list: two lines in 60 px; actions and the box to select it appear on hover and focus without moving
// anything.
import { IconArchive, IconCheck, IconInbox, IconMail, IconMailOpened } from "@tabler/icons-react";
import { memo, useState } from "react";
import type { Conversation } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { RelativeTime } from "../../components/relative_time";
import { hasChip } from "./categories";
import { CategoryChip } from "./category_chip";
import styles from "./list.module.css";
import { inboxWords } from "./words";

export type RowActions = {
  onOpen: (conversation: Conversation) => void;
  onMove: (conversation: Conversation) => void;
  onToggleRead: (conversation: Conversation) => void;
  onSelect: (conversation: Conversation, isRange: boolean) => void;
  disabledReason: string | null;
};

type RowProps = {
  conversation: Conversation;
  /** Where the row leads, for the address bar and for opening in a new tab. */
  address: string;
  top: number;
  index: number;
  isSelected: boolean;
  isCursor: boolean;
  isChecked: boolean;
  /** Rows are being selected, so each shows its box. */
  isSelecting: boolean;
  actions: RowActions;
};

export const ConversationRow = memo(function ConversationRow(props: RowProps) {
  const { conversation, address, top, index, isSelected, isCursor, isChecked, isSelecting, actions } = props;
  const t = inboxWords.use();
  const { contact } = conversation;
  const isUnread = conversation.unread_count > 0;
  // A plain link and late buttons: a router link and tooltips in each row cost the scrolling its smoothness.
  const [isActive, setActive] = useState(false);
  return (
    <div
      role="listitem"
      aria-posinset={index + 1}
      aria-setsize={-1}
      className={styles.row}
      style={{ transform: `translateY(${top}px)` }}
      data-unread={isUnread}
      data-selected={isSelected}
      data-cursor={isCursor}
      data-checked={isChecked}
      data-active={isActive}
      onMouseEnter={() => setActive(true)}
      onMouseLeave={() => setActive(false)}
      onFocus={() => setActive(true)}
      onBlur={() => setActive(false)}
    >
      <a
        href={address}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          actions.onOpen(conversation);
        }}
        className={styles.rowLink}
        data-conversation={conversation.id}
        aria-current={isSelected ? "true" : undefined}
        draggable={false}
      >
        <span className={styles.dot}>{isUnread ? <span className="visually-hidden">{t("unread")}</span> : null}</span>
        <span className={styles.lines}>
          <span className={styles.line}>
            <span className={styles.who}>
              <span className={styles.name}>{contact.name || contact.address}</span>
              {contact.company_name ? <span className={styles.company}> · {contact.company_name}</span> : null}
            </span>
            <span className={styles.time}>
              <RelativeTime atMs={conversation.last_message_at_ms} />
            </span>
          </span>
          <span className={`${styles.line} ${styles.second}`}>
            <span className={styles.text}>
              <span className={styles.subject}>{conversation.subject || t("no_subject")}</span>
              {conversation.snippet ? ` – ${conversation.last_direction === "out" ? `${t("you")}: ` : ""}${conversation.snippet}` : null}
            </span>
            {hasChip(conversation.category) ? (
              <span className={styles.chips}>
                <CategoryChip category={conversation.category} label={conversation.label} />
              </span>
            ) : null}
          </span>
        </span>
      </a>
      {isActive || isSelecting ? (
        <button
          type="button"
          role="checkbox"
          aria-checked={isChecked}
          aria-label={t("select", { name: contact.name || contact.address })}
          tabIndex={-1}
          className={styles.box}
          onClick={(event) => actions.onSelect(conversation, event.shiftKey)}
        >
          <span>{isChecked ? <IconCheck size={12} stroke={2.5} aria-hidden /> : null}</span>
        </button>
      ) : null}
      {isActive ? <ActionsOfRow conversation={conversation} isUnread={isUnread} actions={actions} /> : null}
    </div>
  );
});

function ActionsOfRow({ conversation, isUnread, actions }: { conversation: Conversation; isUnread: boolean; actions: RowActions }) {
  const t = inboxWords.use();
  return (
    <div className={styles.rowActions}>
        <ActionButton
          size="small"
          tabIndex={-1}
          icon={isUnread ? IconMailOpened : IconMail}
          label={isUnread ? t("mark_read") : t("mark_unread")}
          command={isUnread ? "mark_read" : "mark_unread"}
          disabledReason={actions.disabledReason}
          onClick={() => actions.onToggleRead(conversation)}
        />
        <ActionButton
          size="small"
          tabIndex={-1}
          icon={conversation.is_archived ? IconInbox : IconArchive}
          label={conversation.is_archived ? t("unarchive") : t("archive")}
          command="archive"
          disabledReason={actions.disabledReason}
          onClick={() => actions.onMove(conversation)}
        />
    </div>
  );
}
