// The two widths at which the layout changes, for code that must know; everything else is done in CSS.
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
