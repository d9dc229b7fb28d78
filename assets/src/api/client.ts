// Sends requests: adds the access token, refreshes it once on 401, turns error envelopes into ApiError.
import { readAccessToken, refreshSession } from "./session";

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

export type QueryValues = Record<string, string | number | boolean | null | undefined>;
export type Envelope<T> = { success: true; data: T; count?: number; next?: string | null } & Record<string, unknown>;

function withToken(request: Request): Request {
  const token = readAccessToken();
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

export async function authorizedFetch(request: Request): Promise<Response> {
  const spare = request.clone();
  const sentToken = readAccessToken();
  const response = await fetch(withToken(request));
  if (response.status !== 401 || sentToken === null) return response;
  // Another request may have refreshed in the meantime; then the newer token is tried directly.
  if (readAccessToken() === sentToken && (await refreshSession()) !== "signed_in") return response;
  return fetch(withToken(spare));
}

function addQuery(path: string, query: QueryValues | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

export async function readEnvelope<T>(response: Response): Promise<Envelope<T>> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    throw new ApiError("internal", response.status, "");
  }
  const envelope = body as Partial<Envelope<T>> & { code?: string; detail?: string; field?: string };
  if (response.ok && envelope.success) return envelope as Envelope<T>;
  throw new ApiError(envelope.code ?? "internal", response.status, envelope.detail ?? "", envelope.field ?? null);
}

type RequestOptions = { query?: QueryValues; body?: unknown; signal?: AbortSignal };

export async function send<T>(method: string, path: string, options: RequestOptions = {}): Promise<Envelope<T>> {
  const headers: Record<string, string> = { "X-Requested-With": "salesbrain" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const request = new Request(new URL(addQuery(path, options.query), window.location.origin), {
    method,
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    signal: options.signal,
    credentials: "same-origin",
  });
  let response: Response;
  try {
    response = await authorizedFetch(request);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError("unreachable", 0, "");
  }
  return readEnvelope<T>(response);
}
