// The live WebSocket: remembers the last sequence, reconnects with growing waits, reports its state.
import { refreshSession } from "../api/session";
import type { DomainEvent } from "../api/types";

export type LiveState = "connected" | "reconnecting" | "offline";

type Frame =
  | { type: "hello"; sequence: number }
  | { type: "events"; sequence: number; events: DomainEvent[] }
  | { type: "gap"; sequence: number }
  | { type: "beat"; sequence: number };

export type LiveHandlers = {
  onState: (state: LiveState) => void;
  onEvents: (events: DomainEvent[]) => void;
  onGap: () => void;
  /** The first connection stands; what happened while the page was still loading is not among its events. */
  onStart: () => void;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** The server sends something at least every 20 s: a socket silent for longer than this died without saying so. */
const LONGEST_SILENCE_MS = 45_000;
const REFRESH_AFTER_FAILURES = 2;

export function startLiveConnection(handlers: LiveHandlers): () => void {
  let socket: WebSocket | null = null;
  let sequence: number | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silenceTimer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  function watchSilence(current: WebSocket): void {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => abandon(current), LONGEST_SILENCE_MS);
  }

  /** A dead line may take minutes to close: nobody waits for that. */
  function abandon(current: WebSocket): void {
    if (socket !== current) return;
    socket = null;
    current.close();
    scheduleReopen();
  }

  function receive(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.type === "hello") {
      failures = 0;
      handlers.onState("connected");
      // Without an earlier sequence this is the start; with one, the missed events follow as their own frame.
      if (sequence === null) {
        sequence = frame.sequence;
        handlers.onStart();
      }
    } else if (frame.type === "events") {
      const seen = sequence ?? -1;
      sequence = Math.max(seen, frame.sequence);
      const fresh = frame.events.filter((event) => event.sequence > seen);
      if (fresh.length > 0) handlers.onEvents(fresh);
    } else if (frame.type === "gap") {
      sequence = frame.sequence;
      handlers.onGap();
    }
  }

  function open(): void {
    clearTimeout(timer);
    if (isStopped) return;
    const address = new URL("/api/v1/live", window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (sequence !== null) address.searchParams.set("since", String(sequence));
    const current = new WebSocket(address);
    socket = current;
    watchSilence(current);
    current.onmessage = (message) => {
      if (socket !== current) return;
      watchSilence(current);
      receive(String(message.data));
    };
    current.onclose = () => {
      if (socket !== current) return;
      clearTimeout(silenceTimer);
      socket = null;
      scheduleReopen();
    };
  }

  function scheduleReopen(): void {
    if (isStopped) return;
    failures += 1;
    handlers.onState(navigator.onLine ? "reconnecting" : "offline");
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 6));
    // A little disorder, so that a thousand browsers do not return in the same moment after a restart.
    timer = setTimeout(() => void reopen(), wait * (0.75 + Math.random() / 2));
  }

  async function reopen(): Promise<void> {
    if (failures >= REFRESH_AFTER_FAILURES && (await refreshSession()) === "signed_out") return;
    open();
  }

  function handleOnline(): void {
    failures = 0;
    if (!socket) open();
  }

  function handleOffline(): void {
    handlers.onState("offline");
    socket?.close();
  }

  window.addEventListener("online", handleOnline);
  window.addEventListener("offline", handleOffline);
  handlers.onState("reconnecting");
  open();

  return () => {
    isStopped = true;
    clearTimeout(timer);
    clearTimeout(silenceTimer);
    window.removeEventListener("online", handleOnline);
    window.removeEventListener("offline", handleOffline);
    const last = socket;
    socket = null;
    last?.close();
  };
}
