// Names the browser tab: how much is unread, which view it is.
import { useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useCounts } from "./counts";
import { VIEWS } from "./navigation";
import { appWords } from "./words";

export function useDocumentTitle(): void {
  const t = appWords.use();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const counts = useCounts();
  const view = VIEWS.find((candidate) => path.startsWith(candidate.to));
  const unread = counts.data?.unread ?? 0;
  const name = view ? `${t(view.name)} · Salesbrain` : "Salesbrain";
  const title = unread > 0 ? `(${unread}) ${name}` : name;
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = "Salesbrain";
    };
  }, [title]);
}
