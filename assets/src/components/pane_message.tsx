// What a pane shows instead of data: nothing there yet, or one plain cause with one next step.
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./components.module.css";
import { useErrorText } from "./error_text";
import { componentWords } from "./words";

type PaneMessageProps = { title: string; text?: ReactNode; action?: ReactNode; /** The message is the whole page. */ isPage?: boolean };

export function PaneMessage({ title, text, action, isPage }: PaneMessageProps) {
  return (
    <div className={styles.message}>
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {text ? <p>{text}</p> : null}
      {action ? <div className={styles.messageAction}>{action}</div> : null}
    </div>
  );
}

export function PaneError({ title, error, onRetry, isPage }: { title: string; error: unknown; onRetry: () => void; isPage?: boolean }) {
  const t = componentWords.use();
  const describe = useErrorText();
  return (
    <div role="alert" className={styles.fill}>
      <PaneMessage
        title={title}
        isPage={isPage}
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
