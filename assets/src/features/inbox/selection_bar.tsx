// What can be done with the selected rows; it takes the place of the filters, so the list below stays where it is.
import { IconArchive, IconInbox, IconMail, IconMailOpened, IconX } from "@tabler/icons-react";
import type { Conversation } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { useFormat } from "../../i18n/format";
import styles from "./list.module.css";
import { inboxWords } from "./words";

export type SelectionActions = { onMove: () => void; onSetRead: (isRead: boolean) => void; onClear: () => void; disabledReason: string | null };

export function SelectionBar({ selected, actions }: { selected: readonly Conversation[]; actions: SelectionActions }) {
  const t = inboxWords.use();
  const format = useFormat();
  const isArchived = selected.every((conversation) => conversation.is_archived);
  const { disabledReason } = actions;
  return (
    <div className={styles.selection} role="group" aria-label={t("selection")}>
      <span className={styles.selected} role="status">
        {t("selected", { count: selected.length, shown: format.number(selected.length) })}
      </span>
      <ActionButton size="small" icon={IconMailOpened} label={t("mark_read")} command="mark_read" disabledReason={disabledReason} onClick={() => actions.onSetRead(true)} />
      <ActionButton size="small" icon={IconMail} label={t("mark_unread")} command="mark_unread" disabledReason={disabledReason} onClick={() => actions.onSetRead(false)} />
      <ActionButton
        size="small"
        icon={isArchived ? IconInbox : IconArchive}
        label={isArchived ? t("unarchive") : t("archive")}
        command="archive"
        hasText
        disabledReason={disabledReason}
        onClick={actions.onMove}
      />
      <ActionButton size="small" icon={IconX} label={t("selection_clear")} command="clear_selection" onClick={actions.onClear} />
    </div>
  );
}
