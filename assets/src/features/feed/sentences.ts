// Says each event as one sentence, with the shape that stands before it.
import type { DomainEvent } from "../../api/types";
import type { Shape, Tone } from "../../components/mark";
import { inboxWords } from "../inbox/words";
import { describeInterest } from "../inbox/timeline_line";
import { feedWords } from "./words";

type FeedTranslate = ReturnType<typeof feedWords.use>;
type InboxTranslate = ReturnType<typeof inboxWords.use>;

const LOOKS: Record<string, { tone: Tone; shape: Shape }> = {
  "message.received": { tone: "positive", shape: "disc" },
  "message.auto_received": { tone: "information", shape: "half" },
  "message.sent": { tone: "neutral", shape: "dash" },
  "message.bounced": { tone: "negative", shape: "triangle" },
  "contact.interest_changed": { tone: "information", shape: "diamond" },
  "contact.label_changed": { tone: "information", shape: "diamond" },
  "contact.unsubscribed": { tone: "negative", shape: "dash" },
  "contact.complained": { tone: "negative", shape: "triangle" },
  "contact.sequence_failed": { tone: "caution", shape: "triangle" },
  "mailbox.error": { tone: "negative", shape: "triangle" },
  "mailbox.suspended": { tone: "caution", shape: "square" },
  "campaign.started": { tone: "positive", shape: "disc" },
  "campaign.paused": { tone: "caution", shape: "half" },
};

export function lookOf(kind: string): { tone: Tone; shape: Shape } {
  return LOOKS[kind] ?? { tone: "neutral", shape: "ring" };
}

export function readText(event: DomainEvent, name: string): string {
  const value = event.payload[name];
  return typeof value === "string" ? value : "";
}

export function sayEvent(event: DomainEvent, t: FeedTranslate, words: InboxTranslate): string {
  const person = readText(event, "contact_name") || readText(event, "contact_address");
  const values = {
    who: person || t("someone"),
    whom: person || t("someone_object"),
    label: readText(event, "label"),
    campaign: readText(event, "campaign_name") || t("a_campaign"),
    mailbox: readText(event, "mailbox_address") || t("a_mailbox"),
    account: readText(event, "account_name") || t("someone"),
    kind: event.kind,
  };
  switch (event.kind) {
    case "message.sent": {
      const step = event.payload["step"];
      return typeof step === "number" ? t("message_sent_step", { ...values, step }) : t("message_sent", values);
    }
    case "contact.interest_changed": {
      const label = describeInterest(event.payload, words);
      return label ? t("contact_interest_changed", { ...values, label }) : t("contact_interest_cleared", values);
    }
    case "message.received":
    case "message.auto_received":
    case "message.opened":
    case "message.clicked":
    case "message.bounced":
    case "contact.created":
    case "contact.renamed":
    case "contact.label_changed":
    case "contact.unsubscribed":
    case "contact.complained":
    case "contact.sequence_completed":
    case "contact.sequence_failed":
    case "mailbox.created":
    case "mailbox.error":
    case "mailbox.suspended":
    case "campaign.created":
    case "campaign.renamed":
    case "campaign.started":
    case "campaign.paused":
    case "campaign.completed":
    case "conversation.read":
    case "conversation.unread":
    case "conversation.archived":
    case "conversation.unarchived":
    case "connection.tested":
    case "enrichment.completed":
    case "provider_event.unknown":
      return t(event.kind.replace(".", "_") as Parameters<FeedTranslate>[0], values);
    default:
      return t("other", values);
  }
}
