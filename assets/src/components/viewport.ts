// What the window is like, for code that must know: the two widths at which the layout changes, and whether it is in view.
import { useSyncExternalStore } from "react";

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}

export const useIsPhone = () => useMedia("(max-width: 767px)");
export const useIsNarrow = () => useMedia("(max-width: 1279px)");

function subscribeToVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

export const useIsVisible = () => useSyncExternalStore(subscribeToVisibility, () => document.visibilityState === "visible");
