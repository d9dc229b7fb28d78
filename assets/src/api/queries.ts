// Every cached query with its key: views read through these, the live connection changes the caches through the same keys.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as calls from "./calls";
import { isWorking } from "./session";
import type { ConversationFilters } from "./types";

export const CONVERSATION_PAGE_SIZE = 100;
/** 20,000 rows in memory at most; beyond that the view asks to narrow the list. */
export const CONVERSATION_PAGE_LIMIT = 200;

const firstCursor = null as string | null;

export const conversationsQuery = (filters: ConversationFilters) =>
  infiniteQueryOptions({
    queryKey: ["conversations", filters] as const,
    queryFn: ({ pageParam, signal }) => calls.listConversations(filters, CONVERSATION_PAGE_SIZE, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last, pages) => (pages.length < CONVERSATION_PAGE_LIMIT ? last.next : null),
    staleTime: Infinity,
  });
export const countsQuery = () => queryOptions({ queryKey: ["counts"], queryFn: ({ signal }) => calls.findCounts(signal), staleTime: Infinity, enabled: isWorking() });
export const conversationQuery = (id: string) =>
  queryOptions({ queryKey: ["conversation", id], queryFn: ({ signal }) => calls.findConversation(id, signal), staleTime: 60_000 });
export const messagesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["messages", id] as const,
    queryFn: ({ pageParam, signal }) => calls.listMessages(id, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    staleTime: 60_000,
  });
export const timelineQuery = (id: string) =>
  queryOptions({ queryKey: ["timeline", id], queryFn: ({ signal }) => calls.listTimeline(id, signal), staleTime: 60_000 });
export const contactQuery = (id: string) =>
  queryOptions({ queryKey: ["contact", id], queryFn: ({ signal }) => calls.findContact(id, signal), staleTime: 60_000 });
export const contactConversationsQuery = (id: string) =>
  queryOptions({ queryKey: ["contact", id, "conversations"], queryFn: ({ signal }) => calls.listContactConversations(id, signal), staleTime: 60_000 });
export const searchQuery = (q: string, sort: "date" | "relevance") =>
  infiniteQueryOptions({
    queryKey: ["search", q, sort] as const,
    queryFn: ({ pageParam, signal }) => calls.search(q, sort, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    enabled: q.trim() !== "",
    staleTime: 10_000,
    gcTime: 60_000,
  });
export const campaignsQuery = () =>
  infiniteQueryOptions({
    queryKey: ["campaigns"] as const,
    queryFn: ({ pageParam, signal }) => calls.listCampaigns(pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    staleTime: 60_000,
    enabled: isWorking(),
  });
export const campaignQuery = (id: string) =>
  queryOptions({ queryKey: ["campaign", id], queryFn: ({ signal }) => calls.findCampaign(id, signal), staleTime: 60_000 });
export const campaignDaysQuery = (id: string, days: number) =>
  queryOptions({ queryKey: ["campaign", id, "days", days], queryFn: ({ signal }) => calls.listCampaignDays(id, days, signal), staleTime: 60_000 });
export const campaignMessagesQuery = (id: string) =>
  queryOptions({ queryKey: ["campaign", id, "messages"], queryFn: ({ signal }) => calls.listCampaignMessages(id, signal), staleTime: 60_000 });
export const mailboxesQuery = () => queryOptions({ queryKey: ["mailboxes"], queryFn: ({ signal }) => calls.listMailboxes(signal), staleTime: 60_000, enabled: isWorking() });
export const eventsQuery = (kind: string) =>
  infiniteQueryOptions({
    queryKey: ["events", kind] as const,
    queryFn: ({ pageParam, signal }) => calls.listEvents(kind, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
    staleTime: Infinity,
    gcTime: 0,
  });
export const connectionsQuery = () => queryOptions({ queryKey: ["connections"], queryFn: ({ signal }) => calls.listConnections(signal), staleTime: 15_000 });
export const connectionQuery = (id: string) => queryOptions({ queryKey: ["connections", id], queryFn: ({ signal }) => calls.findConnection(id, signal) });
export const statusQuery = () => queryOptions({ queryKey: ["status"], queryFn: ({ signal }) => calls.findStatus(signal), refetchInterval: 5_000 });
export const jobsQuery = () => queryOptions({ queryKey: ["jobs"], queryFn: ({ signal }) => calls.listJobs(signal), refetchInterval: 5_000 });
export const providerEventsQuery = (state: string) =>
  infiniteQueryOptions({
    queryKey: ["provider-events", state] as const,
    queryFn: ({ pageParam, signal }) => calls.listProviderEvents(state, pageParam, signal),
    initialPageParam: firstCursor,
    getNextPageParam: (last) => last.next,
  });
export const providerEventQuery = (id: string) => queryOptions({ queryKey: ["provider-event", id], queryFn: ({ signal }) => calls.findProviderEvent(id, signal) });
export const unroutedEventsQuery = () => queryOptions({ queryKey: ["unrouted-events"], queryFn: ({ signal }) => calls.listUnroutedEvents(signal) });
