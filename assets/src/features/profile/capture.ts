// Listens for the new keys of a command: one key, one with Ctrl or Cmd, or two keys one after the other.
import { useEffect, useRef, useState } from "react";
import { MODIFIERS, readPress } from "../../keyboard/commands";
import { nameKey } from "../../keyboard/engine";
import { isReserved } from "../../keyboard/map";

/** Long enough for a second key, short enough not to be waited for. */
const SECOND_KEY_WAIT_MS = 1_000;
/** Leave the question and answer its buttons by keyboard. */
const PASSED_ON: ReadonlySet<string> = new Set(["Tab", "Shift+Tab", "Enter"]);

export type Captured = { keys: readonly string[]; isReserved: boolean };

export function useCapture(isActive: boolean, onKeys: (keys: readonly string[]) => void, onCancel: () => void): Captured {
  const [pressed, setPressed] = useState<Captured>({ keys: [], isReserved: false });
  const latest = useRef({ onKeys, onCancel });
  useEffect(() => {
    latest.current = { onKeys, onCancel };
  });
  useEffect(() => {
    if (!isActive) return;
    let keys: readonly string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    setPressed({ keys: [], isReserved: false });

    function finish(): void {
      clearTimeout(timer);
      latest.current.onKeys(keys);
    }
    function handleKeyDown(event: KeyboardEvent): void {
      if (MODIFIERS.has(event.key) || PASSED_ON.has(event.key)) return;
      // Before everything else on the page, and nothing of it: the key is an answer here, not a command.
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === "Escape") return latest.current.onCancel();
      const name = nameKey(readPress(event));
      if (name === null || isReserved(name)) return setPressed({ keys, isReserved: true });
      keys = [...keys, name];
      setPressed({ keys, isReserved: false });
      if (keys.length === 2 || name.startsWith("Mod+")) finish();
      else timer = setTimeout(finish, SECOND_KEY_WAIT_MS);
    }
    window.addEventListener("keydown", handleKeyDown, true);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("keydown", handleKeyDown, true);
    };
  }, [isActive]);
  return pressed;
}
