// An event between messages, as one thin line.
import type { TimelineEntry } from "../../api/types";
import { Mark, type Shape, type Tone } from "../../components/mark";
import { useFormat, useNow } from "../../i18n/format";
import { categoryOfInterest, isCategory } from "./categories";
import styles from "./thread.module.css";
import { inboxWords } from "./words";

type Words = ReturnType<typeof inboxWords.use>;
type Line = { text: string; tone: Tone; shape: Shape; hint?: string };

function readText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function describeInterest(payload: Record<string, unknown>, t: Words): string {
  const interest = typeof payload["interest"] === "number" ? payload["interest"] : null;
  const named = payload["category"];
  const category = categoryOfInterest(interest) ?? (isCategory(named) ? named : null);
  return readText(payload["label"]) || (category ? t(`category_${category}`) : "");
}

function describeLine(entry: TimelineEntry, count: number, t: Words): Line | null {
  const name = readText(entry.payload["account_name"]) || readText(entry.payload["actor"]);
  switch (entry.kind) {
    case "message.opened":
      return { text: count > 1 ? t("line_opened_times", { count }) : t("line_opened"), tone: "neutral", shape: "ring", hint: t("line_opened_hint") };
    case "message.clicked":
      return { text: t("line_clicked"), tone: "neutral", shape: "disc" };
    case "message.bounced":
      return { text: t("line_bounced"), tone: "negative", shape: "triangle" };
    case "contact.interest_changed": {
      const label = describeInterest(entry.payload, t);
      return { text: label ? t("line_interest", { label }) : t("line_interest_cleared"), tone: "information", shape: "diamond" };
    }
    case "contact.label_changed":
      return { text: t("line_label", { label: readText(entry.payload["label"]) }), tone: "information", shape: "diamond" };
    case "contact.unsubscribed":
      return { text: t("line_unsubscribed"), tone: "negative", shape: "dash" };
    case "contact.complained":
      return { text: t("line_complained"), tone: "negative", shape: "triangle" };
    case "contact.sequence_completed":
      return { text: t("line_sequence_completed"), tone: "neutral", shape: "square" };
    case "contact.sequence_failed":
      return { text: t("line_sequence_failed"), tone: "caution", shape: "triangle" };
    case "conversation.archived":
      return { text: name ? t("line_archived", { name }) : t("line_archived_plain"), tone: "neutral", shape: "square" };
    case "conversation.unarchived":
      return { text: name ? t("line_unarchived", { name }) : t("line_unarchived_plain"), tone: "neutral", shape: "square" };
    default:
      return null;
  }
}

export function TimelineLine({ entry, count, hasDate }: { entry: TimelineEntry; count: number; hasDate: boolean }) {
  const t = inboxWords.use();
  const format = useFormat();
  const now = useNow();
  const line = describeLine(entry, count, t);
  if (!line) return null;
  return (
    <div className={styles.line}>
      <Mark tone={line.tone} shape={line.shape} size={8} />
      <span className={line.hint ? styles.unreliable : undefined} title={line.hint}>
        {line.text}
      </span>
      <time dateTime={new Date(entry.at_ms).toISOString()} title={format.exact(entry.at_ms)}>
        {hasDate ? format.dayTime(entry.at_ms, now) : format.clock(entry.at_ms)}
      </time>
    </div>
  );
}
