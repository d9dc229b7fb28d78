// The typed client: adds the access token, refreshes it once on 401, turns error bodies into ApiError.
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import { isWorking, readAccessToken, refreshSession, reloadMe } from "./session";

const STANDING_CHANGED = ["no_organization", "second_factor_needed"];

export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    readonly field: string | null = null,
  ) {
    super(detail);
  }
}

function withToken(request: Request): Request {
  const token = readAccessToken();
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

async function authorizedFetch(request: Request): Promise<Response> {
  const spare = request.clone();
  const sentToken = readAccessToken();
  const response = await fetch(withToken(request));
  if (response.status !== 401 || sentToken === null) return response;
  // Another request may have refreshed in the meantime; then the newer token is tried directly.
  if (readAccessToken() === sentToken && (await refreshSession()) !== "signed_in") return response;
  return fetch(withToken(spare));
}

export const client = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  headers: { "X-Requested-With": "salesbrain" },
  fetch: authorizedFetch,
});

function makeError(body: unknown, status: number): ApiError {
  const error = typeof body === "object" && body !== null ? (body as { code?: string; detail?: string; field?: string }) : {};
  return new ApiError(error.code ?? "internal", status, error.detail ?? "", error.field ?? null);
}

/** Waits for a call and gives its body; whatever goes wrong becomes an ApiError, except that the caller stopped it. */
export async function readBody<Body>(call: Promise<{ data?: Body; error?: unknown; response: Response }>): Promise<Body> {
  let result: Awaited<typeof call>;
  try {
    result = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    if (cause instanceof SyntaxError) throw new ApiError("internal", 0, "");
    throw new ApiError("unreachable", 0, "");
  }
  if (!result.response.ok) {
    const error = makeError(result.error, result.response.status);
    // The person has lost the organization, or it now asks for a second factor: the session is read anew, the guard does the rest.
    if (STANDING_CHANGED.includes(error.code) && isWorking()) void refreshSession();
    // What was allowed a moment ago no longer is: the role may have changed.
    else if (error.status === 403) void reloadMe();
    throw error;
  }
  return result.data as Body;
}
