// Reads a batch of events and says what they touch; pure, so that the rules can be tested without a browser.
import type { DomainEvent } from "../api/types";

export type Effects = {
  conversationIds: Set<string>;
  contactIds: Set<string>;
  campaignIds: Set<string>;
  /** Lists and counts of conversations may look different now. */
  areConversationsTouched: boolean;
  areMailboxesTouched: boolean;
  areConnectionsTouched: boolean;
};

/** These kinds are lines in a thread's timeline; they move nothing in the list. */
const TIMELINE_ONLY = new Set(["message.opened", "message.clicked"]);

function readId(event: DomainEvent, name: string): string | null {
  const value = event.payload[name];
  return typeof value === "string" ? value : null;
}

export function collectEffects(events: readonly DomainEvent[]): Effects {
  const effects: Effects = {
    conversationIds: new Set(),
    contactIds: new Set(),
    campaignIds: new Set(),
    areConversationsTouched: false,
    areMailboxesTouched: false,
    areConnectionsTouched: false,
  };
  for (const event of events) {
    const conversationId = readId(event, "conversation_id") ?? (event.entity_kind === "conversation" ? event.entity_id : null);
    const contactId = readId(event, "contact_id") ?? (event.entity_kind === "contact" ? event.entity_id : null);
    const campaignId = readId(event, "campaign_id") ?? (event.entity_kind === "campaign" ? event.entity_id : null);
    if (conversationId) effects.conversationIds.add(conversationId);
    if (contactId) effects.contactIds.add(contactId);
    if (campaignId) effects.campaignIds.add(campaignId);
    const area = event.kind.split(".")[0];
    if ((area === "message" && !TIMELINE_ONLY.has(event.kind)) || area === "conversation" || area === "contact") effects.areConversationsTouched = true;
    if (area === "mailbox" || area === "message") effects.areMailboxesTouched = true;
    if (area === "connection") effects.areConnectionsTouched = true;
  }
  return effects;
}
