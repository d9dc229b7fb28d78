// One message of a thread: folded to a line or open with text, quoted part and, on request, its original formatting.
import { IconPhoto, IconTextSize } from "@tabler/icons-react";
import { memo, useState } from "react";
import type { Message } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useFormat } from "../../i18n/format";
import { MessageFrame } from "./message_frame";
import { MessageText } from "./message_text";
import styles from "./thread.module.css";
import { inboxWords } from "./words";

export const MessageItem = memo(function MessageItem({ message, isOpenAtFirst }: { message: Message; isOpenAtFirst: boolean }) {
  const t = inboxWords.use();
  const format = useFormat();
  // Only the first look decides: a message that was the newest stays open when a newer one arrives.
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const sender = message.from.name || message.from.address;
  return (
    <article className={styles.message} data-direction={message.direction} data-folded={!isOpen} aria-label={sender}>
      <button
        type="button"
        className={styles.messageHead}
        aria-expanded={isOpen}
        title={isOpen ? t("message_fold") : t("message_unfold", { name: sender })}
        onClick={() => setOpen(!isOpen)}
      >
        <span className={styles.headLine}>
          <span className={styles.sender}>{sender}</span>
          <span className={styles.excerpt}>{isOpen ? null : message.text.replace(/\s+/g, " ").slice(0, 200)}</span>
          {message.is_auto_reply ? <Chip text={t("auto_reply")} tone="information" shape="half" /> : null}
          <time className={styles.messageTime} dateTime={new Date(message.occurred_at_ms).toISOString()} title={format.exact(message.occurred_at_ms)}>
            {format.clock(message.occurred_at_ms)}
          </time>
        </span>
        {isOpen ? <span className={styles.receiver}>{[t("to", { to: message.to.name || message.to.address }), describeStep(message, t)].filter(Boolean).join(" · ")}</span> : null}
      </button>
      {isOpen ? <MessageBody message={message} sender={sender} /> : null}
    </article>
  );
});

function describeStep({ direction, step, variant }: Message, t: ReturnType<typeof inboxWords.use>): string {
  if (direction !== "out" || step === null) return "";
  return variant === null ? t("step", { step }) : t("step_variant", { step, variant });
}

function MessageBody({ message, sender }: { message: Message; sender: string }) {
  const t = inboxWords.use();
  const [isFormatted, setFormatted] = useState(message.has_html && message.text.trim() === "");
  const [areImagesAllowed, setImagesAllowed] = useState(false);
  const [isQuotedShown, setQuotedShown] = useState(false);
  return (
    <div className={styles.body}>
      {isFormatted ? (
        <MessageFrame messageId={message.id} title={t("html_frame", { name: sender })} areImagesAllowed={areImagesAllowed} />
      ) : (
        <>
          {message.text.trim() === "" ? <p className={styles.quoted}>{t("text_empty")}</p> : <MessageText text={message.text} />}
          {message.quoted_text !== "" ? (
            <button
              type="button"
              className={styles.ellipsis}
              aria-expanded={isQuotedShown}
              aria-label={isQuotedShown ? t("quoted_hide") : t("quoted_show")}
              title={isQuotedShown ? t("quoted_hide") : t("quoted_show")}
              onClick={() => setQuotedShown(!isQuotedShown)}
            >
              …
            </button>
          ) : null}
          {isQuotedShown ? (
            <div className={styles.quoted}>
              <MessageText text={message.quoted_text} />
            </div>
          ) : null}
        </>
      )}
      {message.has_html ? (
        <div className={styles.tools}>
          <ActionButton size="small" icon={IconTextSize} label={isFormatted ? t("formatting_hide") : t("formatting_show")} hasText onClick={() => setFormatted(!isFormatted)} />
          {isFormatted && message.has_remote_images && !areImagesAllowed ? (
            <ActionButton size="small" icon={IconPhoto} label={t("images_show")} hasText onClick={() => setImagesAllowed(true)} />
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
