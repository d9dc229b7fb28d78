// Asks for the session and the inbox's first page while the interface itself is still being fetched and read; see vite.config.ts.
import { cache } from "./api/cache";
import { conversationsQuery } from "./api/queries";
import { isWorking, refreshSession } from "./api/session";
import { parseFilters } from "./features/inbox/filters";

const OUTSIDE = /^\/(sign-in|setup|register|verify-email|forgot-password|reset-password)(\/|$)/;
const INBOX = /^\/(inbox(\/|$)|$)/;

async function readAhead(path: string): Promise<void> {
  const isSignedIn = (await refreshSession()) === "signed_in";
  const filters = parseFilters(Object.fromEntries(new URLSearchParams(window.location.search)));
  if (isSignedIn && isWorking() && INBOX.test(path)) await cache.prefetchInfiniteQuery(conversationsQuery(filters));
}

if (!OUTSIDE.test(window.location.pathname)) void readAhead(window.location.pathname);
