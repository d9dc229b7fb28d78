// What follows a successful sign-in, whichever way it went.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { acceptSession } from "../../api/session";
import type { Session } from "../../api/types";
import { readNext } from "../../app/session_guard";

/** Whatever the person before has read is forgotten first; what the view that is leaving still shows would only be asked for again. */
export function useEnter(): (session: Session, next?: string | null) => void {
  const navigate = useNavigate();
  const client = useQueryClient();
  return useCallback(
    (session, next) => {
      client.removeQueries({ type: "inactive" });
      acceptSession(session);
      void navigate({ href: readNext(next) ?? "/inbox", replace: true });
    },
    [client, navigate],
  );
}
