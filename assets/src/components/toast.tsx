// Short notices at the lower edge, mainly "Undo"; announced politely to screen readers.
import { useSyncExternalStore } from "react";
import { useShownBindings } from "../keyboard/bindings";
import { useCommand } from "../keyboard/commands";
import styles from "./components.module.css";
import { describeKeys } from "./shortcut_keys";
import { componentWords } from "./words";

type Toast = { id: number; text: string; onUndo: (() => void) | null };

export const UNDO_MS = 10_000;
const SHOWN_AT_ONCE = 3;

let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function publish(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function closeToast(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

export function showToast(text: string, onUndo: (() => void) | null = null): number {
  const id = nextId++;
  publish([...toasts, { id, text, onUndo }].slice(-SHOWN_AT_ONCE));
  setTimeout(() => closeToast(id), UNDO_MS);
  return id;
}

export function Toasts() {
  const t = componentWords.use();
  const shown = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => toasts);
  const undoKeys = describeKeys(useShownBindings().undo, t);
  const undoable = shown.findLast((toast) => toast.onUndo !== null);
  const undo = (toast: Toast) => {
    closeToast(toast.id);
    toast.onUndo?.();
  };
  useCommand("undo", undoable ? () => undo(undoable) : null);
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className={styles.toast}>
          <span>{toast.text}</span>
          <button
            type="button"
            onClick={() => undo(toast)}
          >
            {toast.onUndo ? t("undo") : t("close")}
            {toast === undoable && undoKeys !== null ? (
              <span className={styles.tooltipKeys} aria-hidden="true">
                {undoKeys}
              </span>
            ) : null}
          </button>
        </div>
      ))}
    </div>
  );
}
