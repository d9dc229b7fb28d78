// Runs the live connection while someone is signed in and offers its state to the shell.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { isWorking, useSession } from "../api/session";
import { createLiveApplier } from "./apply";
import { startLiveConnection, type LiveState } from "./connection";

const LiveStateContext = createContext<LiveState>("reconnecting");

export function useLiveState(): LiveState {
  return useContext(LiveStateContext);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>("reconnecting");
  const isNeeded = isWorking(useSession());
  useEffect(() => {
    if (!isNeeded) return;
    const applier = createLiveApplier(client);
    const stop = startLiveConnection({
      onState: setState,
      onEvents: applier.accept,
      onGap: applier.resetAll,
      onStart: applier.catchUp,
    });
    return () => {
      stop();
      applier.stop();
    };
  }, [client, isNeeded]);
  return <LiveStateContext.Provider value={state}>{children}</LiveStateContext.Provider>;
}
