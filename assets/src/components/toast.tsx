// Short notices at the lower edge, mainly "Undo"; announced politely to screen readers.
import { useSyncExternalStore } from "react";
import styles from "./components.module.css";
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
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className={styles.toast}>
          <span>{toast.text}</span>
          <button
            type="button"
            onClick={() => {
              closeToast(toast.id);
              toast.onUndo?.();
            }}
          >
            {toast.onUndo ? t("undo") : t("close")}
          </button>
        </div>
      ))}
    </div>
  );
}
