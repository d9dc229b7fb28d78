// Named types of the API, taken from the generated schema; the only file that reaches into it besides the calls.
import type { components } from "./schema";

type Schemas = components["schemas"];
/** The server always writes optional values, as null; the generator cannot know and calls them absent. */
type Whole<Name extends keyof Schemas> = Required<Schemas[Name]>;

export type Role = Schemas["Role"];
export type Language = Schemas["Language"];
export type Account = Schemas["Account"];
export type Permission = Schemas["Permission"];
export type Me = Whole<"Me">;
export type Session = Whole<"Session">;

/** Closed in the contract, a plain string in the schema. */
export type Category =
  | "sent" | "reply" | "auto_reply" | "won" | "meeting_completed" | "meeting_booked" | "interested" | "neutral" | "out_of_office"
  | "not_interested" | "wrong_person" | "lost" | "no_show" | "custom" | "bounced" | "unsubscribed" | "complained";
export type Conversation = Omit<Whole<"Conversation">, "category"> & { category: Category };
export type Counts = Schemas["Counts"];
export type Message = Whole<"Message">;
export type EventPayload = Record<string, unknown>;
export type TimelineEntry = Omit<Schemas["TimelineEntry"], "payload"> & { payload: EventPayload };
export type Contact = Whole<"Contact">;
export type Hit = Omit<Schemas["Hit"], "conversation"> & { conversation: Conversation };
export type Campaign = Omit<Schemas["Campaign"], "rates"> & { rates: Whole<"Rates"> };
export type CampaignDay = Schemas["CampaignDay"];
export type Mailbox = Schemas["Mailbox"];
export type DomainEvent = Omit<Schemas["Event"], "payload"> & { payload: EventPayload };
export type ProviderEvent = Schemas["ProviderDelivery"];
export type Connection = Whole<"Connection">;
export type ConnectionSecret = Connection & Pick<Schemas["ConnectionWithSecret"], "webhook_secret" | "token_webhook_url">;
export type SetupRequest = Schemas["SetupRequest"];
export type ProfileRequest = Schemas["ProfileRequest"];

export type ConversationFilters = {
  view?: Schemas["View"]; is_unread?: boolean; mailbox_id?: string; campaign_id?: string; category?: Category;
};
export type Page<T> = { rows: T[]; next: string | null };
export type SearchPage = Page<Hit> & Pick<Schemas["SearchPage"], "total" | "is_total_capped" | "took_ms" | "lag_events">;
