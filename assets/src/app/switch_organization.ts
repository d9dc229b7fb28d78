// Going over to another organization, and noticing that another tab went or that a right came or went: all tabs share one session.
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { switchOrganization } from "../api/organization_calls";
import { acceptSession, isWorking, reloadMe } from "../api/session";
import type { Session } from "../api/types";
import { useLiveState } from "../live/provider";
import { findFirstView } from "./navigation";

const CHANNEL = "salesbrain.session";
const ASK_AGAIN_MS = 30_000;

/** Other tabs ask anew who they are. */
export function tellOtherTabs(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

/** For every way into an organization: the views of the one before are left first, so that none of them asks for its records here. */
export function useEnterOrganization(): (session: Session) => Promise<void> {
  const navigate = useNavigate();
  return async (session) => {
    // Who is nowhere yet would be turned back before the session is there.
    const isSomewhere = isWorking();
    const go = () => navigate({ to: findFirstView(session.permissions) });
    if (isSomewhere) await go();
    acceptSession(session);
    tellOtherTabs();
    if (!isSomewhere) await go();
  };
}

export function useSwitchOrganization(): (id: string) => Promise<void> {
  const enter = useEnterOrganization();
  return async (id) => enter(await switchOrganization(id));
}

/** A role changes while someone works: asked for when the window comes back, when the live connection breaks, and now and then. */
export function useFreshMe(): void {
  const live = useLiveState();
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    const ask = () => {
      if (document.visibilityState === "visible") void reloadMe();
    };
    channel.onmessage = () => void reloadMe();
    document.addEventListener("visibilitychange", ask);
    const timer = setInterval(ask, ASK_AGAIN_MS);
    return () => {
      channel.close();
      document.removeEventListener("visibilitychange", ask);
      clearInterval(timer);
    };
  }, []);
  useEffect(() => {
    if (live === "reconnecting") void reloadMe();
  }, [live]);
}
