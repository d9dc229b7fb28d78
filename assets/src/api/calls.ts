// One function per route of the contract, in its order; views and caches call these and never build a URL.
import { send } from "./client";
import type * as api from "./types";

const PREFIX = "/api/v1";

async function data<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return (await send<T>(method, PREFIX + path, { body, signal })).data;
}

async function page<T>(path: string, query: Record<string, string | number | boolean | null | undefined>, signal?: AbortSignal): Promise<api.Page<T>> {
  const envelope = await send<T[]>("GET", PREFIX + path, { query, signal });
  return { rows: envelope.data, next: envelope.next ?? null };
}

// Session
export const findSetup = () => data<api.SetupState>("GET", "/setup");
export type SetupBody = { email: string; password: string; name: string; organization_name: string; language: api.Language; setup_code?: string };
export const createSetup = (body: SetupBody) => data<api.Session>("POST", "/setup", body);
export const signIn = (body: { email: string; password: string }) => data<api.Session>("POST", "/auth/login", body);
export const signInByLink = (token: string) => data<api.Session>("POST", "/auth/link", { token });
export const signOut = () => data<unknown>("POST", "/auth/logout");
export const updateMe = (body: Partial<Pick<api.Account, "name" | "language" | "theme" | "time_zone">>) => data<api.Me>("PUT", "/auth/me", body);

// Conversations
export const listConversations = (filters: api.ConversationFilters, limit: number, cursor: string | null, signal?: AbortSignal) =>
  page<api.Conversation>("/conversations", { ...filters, is_unread: filters.is_unread || undefined, limit, cursor }, signal);
export const findCounts = (signal?: AbortSignal) => data<api.Counts>("GET", "/conversations/counts", undefined, signal);
export const findConversation = (id: string, signal?: AbortSignal) => data<api.Conversation>("GET", `/conversations/${id}`, undefined, signal);
export const listMessages = (id: string, cursor: string | null, signal?: AbortSignal) =>
  page<api.Message>(`/conversations/${id}/messages`, { limit: 50, cursor }, signal);
export const listTimeline = (id: string, signal?: AbortSignal) => data<api.TimelineEntry[]>("GET", `/conversations/${id}/timeline`, undefined, signal);
export type ConversationAction = "read" | "unread" | "archive" | "unarchive";
export const updateConversation = (id: string, action: ConversationAction) => data<api.Conversation>("PATCH", `/conversations/${id}/${action}`);
export const messageHtmlAddress = (id: string, areImagesAllowed: boolean) =>
  `${PREFIX}/messages/${id}/html?images=${areImagesAllowed ? "allowed" : "blocked"}`;

// Contacts
export const findContact = (id: string, signal?: AbortSignal) => data<api.Contact>("GET", `/contacts/${id}`, undefined, signal);
export const listContactConversations = (id: string, signal?: AbortSignal) =>
  data<api.Conversation[]>("GET", `/contacts/${id}/conversations`, undefined, signal);

// Search
export async function search(q: string, sort: "date" | "relevance", cursor: string | null, signal?: AbortSignal): Promise<api.SearchPage> {
  const envelope = await send<api.Hit[]>("GET", `${PREFIX}/search`, { query: { q, sort, limit: 30, cursor }, signal });
  return {
    rows: envelope.data,
    next: envelope.next ?? null,
    total: Number(envelope["total"] ?? envelope.data.length),
    is_total_capped: Boolean(envelope["is_total_capped"]),
    took_ms: Number(envelope["took_ms"] ?? 0),
    lag_events: Number(envelope["lag_events"] ?? 0),
  };
}

// Campaigns and mailboxes
export const listCampaigns = (cursor: string | null, signal?: AbortSignal) => page<api.Campaign>("/campaigns", { limit: 200, cursor }, signal);
export const findCampaign = (id: string, signal?: AbortSignal) => data<api.Campaign>("GET", `/campaigns/${id}`, undefined, signal);
export const listCampaignMessages = (id: string, offset: number, signal?: AbortSignal) =>
  page<api.Message>(`/campaigns/${id}/messages`, { limit: 50, offset }, signal);
export const listCampaignDays = (id: string, days: number, signal?: AbortSignal) =>
  data<api.CampaignDay[]>("GET", `/campaigns/${id}/daily?days=${days}`, undefined, signal);
export const listMailboxes = (signal?: AbortSignal) => data<api.Mailbox[]>("GET", "/mailboxes", undefined, signal);

// Events, connections, operations
export const listEvents = (kind: string, cursor: string | null, signal?: AbortSignal) =>
  page<api.DomainEvent>("/events", { kind, limit: 100, cursor }, signal);
export const listProviderEvents = (state: string, cursor: string | null, signal?: AbortSignal) =>
  page<api.ProviderEvent>("/provider-events", { state, limit: 50, cursor }, signal);
export const findProviderEvent = (id: string, signal?: AbortSignal) => data<api.ProviderEvent>("GET", `/provider-events/${id}`, undefined, signal);
export const replayProviderEvent = (id: string) => data<api.Job>("POST", `/provider-events/${id}/replay`);
export const listConnections = (signal?: AbortSignal) => data<api.Connection[]>("GET", "/connections", undefined, signal);
export const createConnection = (name: string) => data<api.ConnectionSecret>("POST", "/connections", { provider: "instantly", name });
export const findConnection = (id: string, signal?: AbortSignal) => data<api.Connection>("GET", `/connections/${id}`, undefined, signal);
export const renewConnectionSecret = (id: string) => data<api.ConnectionSecret>("POST", `/connections/${id}/secret`);
export const deleteConnection = (id: string) => data<unknown>("DELETE", `/connections/${id}`);
export const listUnroutedEvents = (signal?: AbortSignal) => data<api.UnroutedEvent[]>("GET", "/unrouted-events", undefined, signal);
export const listJobs = (signal?: AbortSignal) => data<api.Job[]>("GET", "/jobs", undefined, signal);
export const retryJob = (id: string) => data<api.Job>("POST", `/jobs/${id}/retry`);
export const reindexSearch = () => data<api.Job>("POST", "/search/reindex");
export const findStatus = (signal?: AbortSignal) => data<api.Status>("GET", "/status", undefined, signal);
