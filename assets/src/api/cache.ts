// What was read from the server, one cache for each pair of account and organization: whatever answers late after a switch writes
// into the cache that was left, never into the one on screen. Rejected: emptying one cache, which the late answer would fill again.
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

const RETRIES = 2;

const makeCache = () =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // What the server has refused stays refused; only its silence is worth another try.
        retry: (failures, error) => failures < RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 502),
        retryDelay: (failures) => 300 * 2 ** failures,
        refetchOnWindowFocus: false,
        staleTime: 30_000,
      },
    },
  });

/** The first one: of the views before signing in, and of whoever is signed in when the page loads. */
export const cache = makeCache();

let current: { owner: string | null; client: QueryClient } = { owner: null, client: cache };

export function cacheOf(accountId: string, organizationId: string | null): QueryClient {
  const owner = `${accountId}/${organizationId ?? ""}`;
  if (current.owner !== owner) {
    if (current.owner !== null) current.client.clear();
    current = { owner, client: current.owner === null ? current.client : makeCache() };
  }
  return current.client;
}
