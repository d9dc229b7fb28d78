// Named types of the API contract; the only file that knows where they come from.
export type Role = "owner" | "admin" | "member" | "viewer";
export type Language = "de" | "en";
export type Account = { id: string; email: string; name: string; language: Language; theme: "auto" | "light" | "dark"; time_zone: string };
export type Organization = { id: string; name: string };
export type Me = { account: Account; organization: Organization; role: Role; is_operator: boolean };
export type Session = Me & { access_token: string; expires_at_ms: number; token_type: "Bearer" };
export type SetupState = { is_needed: boolean; is_code_needed: boolean };

export type Category =
  | "sent" | "reply" | "auto_reply" | "won" | "meeting_completed" | "meeting_booked" | "interested" | "neutral" | "out_of_office"
  | "not_interested" | "wrong_person" | "lost" | "no_show" | "custom" | "bounced" | "unsubscribed" | "complained";
export type Direction = "in" | "out";
export type Conversation = {
  id: string; channel: "email"; subject: string; snippet: string;
  contact: { id: string; address: string; name: string; company_name: string };
  mailbox: { id: string; address: string } | null;
  campaign: { id: string; name: string } | null;
  category: Category; interest: number | null; label: string | null;
  unread_count: number; message_count: number; received_count: number; is_archived: boolean;
  last_message_at_ms: number; last_direction: Direction; created_at_ms: number;
};
export type Counts = {
  unread: number; inbox: number; archived: number;
  /** Counting stops here: a number this high means "at least". */
  cap: number;
  categories: { category: Category; unread: number; total: number }[];
  mailboxes: { id: string; address: string; unread: number }[];
};
export type Message = {
  id: string; conversation_id: string; direction: Direction; is_auto_reply: boolean;
  from: { address: string; name: string }; to: { address: string; name: string };
  subject: string; text: string; quoted_text: string; has_html: boolean; has_remote_images: boolean;
  step: number | null; variant: number | null; occurred_at_ms: number;
};
export type EventPayload = Record<string, unknown>;
export type TimelineEntry = { sequence: number; kind: string; at_ms: number; payload: EventPayload };
export type Contact = {
  id: string; address: string; name: string; first_name: string; last_name: string; company_name: string; job_title: string;
  phone: string; website: string; interest: number | null; category: string; label: string; custom_fields: Record<string, string>;
  suppression: { reason: string; at_ms: number } | null; source: string;
  campaigns: { id: string; name: string; step: number; state: string }[];
  created_at_ms: number; updated_at_ms: number;
};
export type Hit = { message_id: string; conversation: Conversation; direction: Direction; subject_html: string; snippet_html: string; occurred_at_ms: number; score: number };
export type Counters = {
  sent: number; opened: number; clicked: number; replied: number; replied_contacts: number; auto_replied: number; bounced: number; unsubscribed: number;
  complained: number; interested: number; not_interested: number; meetings_booked: number; contacts: number;
};
export type Rates = {
  open_rate: number | null; click_rate: number | null; reply_rate: number | null; bounce_rate: number | null;
  unsubscribe_rate: number | null; interested_rate: number | null;
};
export type Campaign = {
  id: string; provider_campaign_id: string; name: string; state: "unknown" | "active" | "paused" | "completed"; is_synced: boolean;
  counters: Counters; rates: Rates; last_event_at_ms: number; created_at_ms: number;
};
export type CampaignDay = {
  day: string; sent: number; opened: number; clicked: number; replied: number; auto_replied: number; bounced: number; unsubscribed: number; complained: number;
};
export type MailboxCounters = { sent: number; received: number; auto_replied: number; bounced: number };
export type Mailbox = {
  id: string; address: string; state: "unknown" | "active" | "error" | "suspended"; state_reason: string; state_at_ms: number;
  counters: MailboxCounters; today: MailboxCounters; unread_count: number; last_event_at_ms: number; created_at_ms: number;
};
export type DomainEvent = { sequence: number; kind: string; actor: string; entity_kind: string; entity_id: string; at_ms: number; payload: EventPayload };
export type ProviderEvent = {
  id: string; connection_id: string; event_type: string; state: string; note: string;
  occurred_at_ms: number; received_at_ms: number; payload?: string;
};
export type Connection = {
  id: string; provider: string; name: string; is_shared: boolean; webhook_url: string; header_name: string;
  last_event_at_ms: number | null; event_count: number; created_at_ms: number;
};
export type ConnectionSecret = Connection & { webhook_secret: string; token_webhook_url: string };
export type UnroutedEvent = { id: string; connection_id: string; event_type: string; provider_campaign_id: string; received_at_ms: number };
export type Job = {
  id: string; kind: string; state: string; attempts: number; max_attempts: number; run_at_ms: number;
  last_error: string; created_at_ms: number;
};
export type Status = { version: string; started_at_ms: number; is_index_rebuilding: boolean; consumers: { name: string; cursor: number; head: number; lag: number; last_error: string }[] };

export type ConversationFilters = {
  view?: "inbox" | "archived" | "sent" | "all"; is_unread?: boolean; mailbox_id?: string; campaign_id?: string; category?: Category;
};
export type Page<T> = { rows: T[]; next: string | null };
export type SearchPage = Page<Hit> & { total: number; is_total_capped: boolean; took_ms: number; lag_events: number };
