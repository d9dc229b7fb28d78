// Holds the session: the access token lives only in this module's memory, the long-lived part is an httpOnly cookie.
import { useSyncExternalStore } from "react";
import type { Me, Session } from "./types";

export type SessionState = { status: "unknown" } | { status: "signed_out" } | ({ status: "signed_in" } & Me);

let accessToken: string | null = null;
let state: SessionState = { status: "unknown" };
let refreshInFlight: Promise<RefreshOutcome> | null = null;
const listeners = new Set<() => void>();

/** "unreachable" is not a sign-out: the server did not answer, so nothing is known about the session. */
export type RefreshOutcome = "signed_in" | "signed_out" | "unreachable";

function publish(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

export function readAccessToken(): string | null {
  return accessToken;
}

export function readSession(): SessionState {
  return state;
}

/** Whether there is an organization to work in; without one, or without the second factor it asks for, the server answers nothing of it. */
export function isWorking(session: SessionState = state): boolean {
  return session.status === "signed_in" && Boolean(session.organization) && !session.is_second_factor_missing;
}

export function acceptSession(session: Session): void {
  accessToken = session.access_token;
  const { access_token: _token, token_type: _type, expires_at_ms: _end, ...me } = session;
  publish({ status: "signed_in", ...me });
}

export function acceptMe(me: Me): void {
  publish({ status: "signed_in", ...me });
}

export function endSession(): void {
  accessToken = null;
  publish({ status: "signed_out" });
}

let meInFlight: Promise<void> | null = null;

async function requestMe(): Promise<void> {
  try {
    const response = await fetch("/api/v1/auth/me", { headers: { Authorization: `Bearer ${accessToken}`, "X-Requested-With": "salesbrain" } });
    if (!response.ok || state.status !== "signed_in") return;
    const { data } = (await response.json()) as { data: Me };
    const { status: _status, ...known } = state;
    if (JSON.stringify(data) !== JSON.stringify(known)) acceptMe(data);
  } catch {
    // Nobody waits for the answer; the next occasion asks again.
  }
}

/** Asks who this is now: role and organization can change while someone works. */
export function reloadMe(): Promise<void> {
  if (state.status !== "signed_in" || accessToken === null) return Promise.resolve();
  meInFlight ??= requestMe().finally(() => {
    meInFlight = null;
  });
  return meInFlight;
}

async function requestRefresh(): Promise<RefreshOutcome> {
  try {
    const response = await fetch("/api/v1/auth/refresh", {
      method: "POST",
      headers: { "X-Requested-With": "salesbrain" },
      credentials: "same-origin",
    });
    if (response.ok) {
      const body = (await response.json()) as { data: Session };
      acceptSession(body.data);
      return "signed_in";
    }
    if (response.status >= 500 || response.status === 429) return "unreachable";
    endSession();
    return "signed_out";
  } catch {
    return "unreachable";
  }
}

async function refreshAlone(): Promise<RefreshOutcome> {
  return navigator.locks ? await navigator.locks.request("salesbrain.refresh", requestRefresh) : await requestRefresh();
}

/** One refresh at a time, over all requests of this tab and, where the browser has locks, over all tabs: the cookie rotates. */
export function refreshSession(): Promise<RefreshOutcome> {
  refreshInFlight ??= refreshAlone().finally(() => {
    refreshInFlight = null;
  });
  return refreshInFlight;
}

export function subscribeToSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): SessionState {
  return useSyncExternalStore(subscribeToSession, readSession);
}

/** For views below the signed-in layout, where a session always exists. */
export function useMe(): Me {
  const session = useSession();
  if (session.status !== "signed_in") throw new Error("no session");
  return session;
}
