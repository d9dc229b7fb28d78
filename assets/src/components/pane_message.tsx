// What a pane shows instead of data: nothing there yet, or one plain cause with one next step.
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./components.module.css";
import { useErrorText } from "./error_text";
import { componentWords } from "./words";

export function PaneMessage({ title, text, action }: { title: string; text?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.message}>
      <h2>{title}</h2>
      {text ? <p>{text}</p> : null}
      {action ? <div className={styles.messageAction}>{action}</div> : null}
    </div>
  );
}

export function PaneError({ title, error, onRetry }: { title: string; error: unknown; onRetry: () => void }) {
  const t = componentWords.use();
  const describe = useErrorText();
  return (
    <div role="alert">
      <PaneMessage
        title={title}
        text={describe(error)}
        action={
          <Button variant="default" onClick={onRetry}>
            {t("retry")}
          </Button>
        }
      />
    </div>
  );
}
