// A value of the layout that this browser remembers, such as a width or a folded pane.
import { useCallback, useState } from "react";

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string;

export function useStoredState<I extends string | number | boolean>(key: string, initial: I): [Widened<I>, (value: Widened<I>) => void] {
  type T = Widened<I>;
  const storageKey = `salesbrain.${key}`;
  const [value, setValue] = useState<T>(() => {
    const stored = localStorage.getItem(storageKey);
    if (stored === null) return initial as unknown as T;
    const parsed: unknown = JSON.parse(stored);
    return typeof parsed === typeof initial ? (parsed as T) : (initial as unknown as T);
  });
  const store = useCallback(
    (next: T) => {
      localStorage.setItem(storageKey, JSON.stringify(next));
      setValue(next);
    },
    [storageKey],
  );
  return [value, store];
}
