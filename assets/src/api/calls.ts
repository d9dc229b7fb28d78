// One function per route that the interface uses, in the order of the contract; views and caches call these and never build a URL.
import { client, readBody } from "./client";
import type * as api from "./types";

type Call<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>;

/** `Row` narrows what the schema leaves open, see types. */
async function readData<Row>(call: Call<{ data: unknown }>): Promise<Row> {
  return (await readBody(call)).data as Row;
}

async function readPage<Row>(call: Call<{ data: unknown[]; next?: string | null }>): Promise<api.Page<Row>> {
  const body = await readBody(call);
  return { rows: body.data as Row[], next: body.next ?? null };
}

const at = (id: string) => ({ path: { id } });

// Session
export const findSetup = () => readBody(client.GET("/api/v1/setup")).then((body) => body.data);
export const createSetup = (body: api.SetupRequest) => readData<api.Session>(client.POST("/api/v1/setup", { body }));
export const signOut = () => readBody(client.POST("/api/v1/auth/logout"));
export const updateMe = (body: api.ProfileRequest) => readData<api.Me>(client.PUT("/api/v1/auth/me", { body }));

// Conversations
export const listConversations = (filters: api.ConversationFilters, limit: number, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.Conversation>(
    client.GET("/api/v1/conversations", { params: { query: { ...filters, is_unread: filters.is_unread || undefined, limit, cursor: cursor ?? undefined } }, signal }),
  );
export const findCounts = (signal?: AbortSignal) => readData<api.Counts>(client.GET("/api/v1/conversations/counts", { signal }));
export const findConversation = (id: string, signal?: AbortSignal) => readData<api.Conversation>(client.GET("/api/v1/conversations/{id}", { params: at(id), signal }));
export const listMessages = (id: string, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.Message>(client.GET("/api/v1/conversations/{id}/messages", { params: { ...at(id), query: { limit: 50, cursor: cursor ?? undefined } }, signal }));
export const listTimeline = (id: string, signal?: AbortSignal) =>
  readData<api.TimelineEntry[]>(client.GET("/api/v1/conversations/{id}/timeline", { params: at(id), signal }));
export type ConversationAction = "read" | "unread" | "archive" | "unarchive";
export const updateConversation = (id: string, action: ConversationAction) =>
  readData<api.Conversation>(client.PATCH(`/api/v1/conversations/{id}/${action}`, { params: at(id) }));
export const messageHtmlAddress = (id: string, areImagesAllowed: boolean) =>
  `/api/v1/messages/${id}/html?images=${areImagesAllowed ? "allowed" : "blocked"}`;

// Contacts
export const findContact = (id: string, signal?: AbortSignal) => readData<api.Contact>(client.GET("/api/v1/contacts/{id}", { params: at(id), signal }));
export const listContactConversations = (id: string, signal?: AbortSignal) =>
  readData<api.Conversation[]>(client.GET("/api/v1/contacts/{id}/conversations", { params: at(id), signal }));

// Search
export async function search(q: string, sort: "date" | "relevance", cursor: string | null, signal?: AbortSignal): Promise<api.SearchPage> {
  const body = await readBody(client.GET("/api/v1/search", { params: { query: { q, sort, limit: 30, cursor: cursor ?? undefined } }, signal }));
  const { total, is_total_capped, took_ms, lag_events } = body;
  return { rows: body.data as api.Hit[], next: body.next ?? null, total, is_total_capped, took_ms, lag_events };
}

// Campaigns and mailboxes
export const listCampaigns = (cursor: string | null, signal?: AbortSignal) =>
  readPage<api.Campaign>(client.GET("/api/v1/campaigns", { params: { query: { limit: 200, cursor: cursor ?? undefined } }, signal }));
export const findCampaign = (id: string, signal?: AbortSignal) => readData<api.Campaign>(client.GET("/api/v1/campaigns/{id}", { params: at(id), signal }));
export const listCampaignMessages = (id: string, signal?: AbortSignal) =>
  readData<api.Message[]>(client.GET("/api/v1/campaigns/{id}/messages", { params: { ...at(id), query: { limit: 50 } }, signal }));
export const listCampaignDays = (id: string, days: number, signal?: AbortSignal) =>
  readData<api.CampaignDay[]>(client.GET("/api/v1/campaigns/{id}/daily", { params: { ...at(id), query: { days } }, signal }));
export const listMailboxes = (signal?: AbortSignal) => readData<api.Mailbox[]>(client.GET("/api/v1/mailboxes", { signal }));

// Events, connections, operations
export const listEvents = (kind: string, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.DomainEvent>(client.GET("/api/v1/events", { params: { query: { kind: kind || undefined, limit: 100, cursor: cursor === null ? undefined : Number(cursor) } }, signal }));
export const listProviderEvents = (state: string, cursor: string | null, signal?: AbortSignal) =>
  readPage<api.ProviderEvent>(client.GET("/api/v1/provider-events", { params: { query: { state: state || undefined, limit: 50, cursor: cursor ?? undefined } }, signal }));
export const findProviderEvent = (id: string, signal?: AbortSignal) =>
  readData<api.ProviderEvent>(client.GET("/api/v1/provider-events/{id}", { params: at(id), signal }));
export const replayProviderEvent = (id: string) => readBody(client.POST("/api/v1/provider-events/{id}/replay", { params: at(id) }));
export const listConnections = (signal?: AbortSignal) => readData<api.Connection[]>(client.GET("/api/v1/connections", { signal }));
export const createConnection = (name: string) =>
  readData<api.ConnectionSecret>(client.POST("/api/v1/connections", { body: { provider: "instantly", name } }));
export const findConnection = (id: string, signal?: AbortSignal) => readData<api.Connection>(client.GET("/api/v1/connections/{id}", { params: at(id), signal }));
export const renewConnectionSecret = (id: string) => readData<api.ConnectionSecret>(client.POST("/api/v1/connections/{id}/secret", { params: at(id) }));
export const deleteConnection = (id: string) => readBody(client.DELETE("/api/v1/connections/{id}", { params: at(id) }));
export const listUnroutedEvents = (signal?: AbortSignal) => readBody(client.GET("/api/v1/unrouted-events", { signal })).then((body) => body.data);
export const listJobs = (signal?: AbortSignal) => readBody(client.GET("/api/v1/jobs", { signal })).then((body) => body.data);
export const retryJob = (id: string) => readBody(client.POST("/api/v1/jobs/{id}/retry", { params: at(id) }));
export const reindexSearch = () => readBody(client.POST("/api/v1/search/reindex"));
export const findStatus = (signal?: AbortSignal) => readBody(client.GET("/api/v1/status", { signal })).then((body) => body.data);
