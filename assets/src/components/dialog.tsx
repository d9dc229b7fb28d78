// The browser's own modal dialog: it brings focus trap, Esc and inert background; used only for help and the command palette.
// A tooltip would lie behind it, so its button has its word beside the icon.
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { ActionButton } from "./action_button";
import styles from "./components.module.css";
import { componentWords } from "./words";

export function Dialog({ title, isHeadHidden, onClose, children }: { title: string; isHeadHidden?: boolean; onClose: () => void; children: ReactNode }) {
  const t = componentWords.use();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      className={styles.dialog}
      aria-label={title}
      onClose={onClose}
      onMouseDown={(event) => {
        if (event.target === element.current) element.current?.close();
      }}
    >
      {isHeadHidden ? null : (
        <div className={styles.dialogHead}>
          <h2>{title}</h2>
          <ActionButton icon={IconX} label={t("close")} hasText onClick={() => element.current?.close()} />
        </div>
      )}
      {children}
    </dialog>
  );
}
