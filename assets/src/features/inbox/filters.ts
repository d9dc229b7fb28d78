// The inbox filters as they stand in the address bar; unknown values are dropped, not passed on.
import type { ConversationFilters } from "../../api/types";
import { isCategory } from "./categories";

const VIEWS = ["inbox", "archived", "sent"] as const;

function readText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 64 ? value : undefined;
}

export function parseFilters(search: Record<string, unknown>): ConversationFilters {
  const view = VIEWS.find((name) => name === search["view"] && name !== "inbox");
  const filters: ConversationFilters = {
    view,
    is_unread: search["is_unread"] === true || search["is_unread"] === "true" ? true : undefined,
    mailbox_id: readText(search["mailbox_id"]),
    campaign_id: readText(search["campaign_id"]),
    category: isCategory(search["category"]) ? search["category"] : undefined,
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

export function hasNarrowing(filters: ConversationFilters): boolean {
  return Boolean(filters.is_unread ?? filters.mailbox_id ?? filters.campaign_id ?? filters.category);
}
