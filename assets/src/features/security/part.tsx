// What the parts of the security settings share: a heading with its action, a question asked in place, a list's states.
import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import { Bone, Delayed } from "../../components/skeleton";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function Part({ title, text, action, children }: { title: string; text?: ReactNode; action?: ReactNode; children?: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.part} aria-labelledby={id}>
      <div className={styles.head}>
        <div className={styles.headText}>
          <h3 id={id}>{title}</h3>
          {text ? <p className={styles.soft}>{text}</p> : null}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

export function FormError({ error, text }: { error: unknown; text?: string | null }) {
  const describe = useErrorText();
  if (error === null || error === undefined) return null;
  return (
    <p role="alert" className={styles.error}>
      {text ?? describe(error)}
    </p>
  );
}

type QuestionProps = { text: string; action: string; isPending: boolean; onConfirm: () => void; onCancel: () => void; error?: unknown; children?: ReactNode };

/** The safe answer has the focus: Enter pressed too quickly must not destroy anything. */
export function Question({ text, action, isPending, onConfirm, onCancel, error, children }: QuestionProps) {
  const t = securityWords.use();
  const cancel = useRef<HTMLButtonElement>(null);
  const hasFields = children !== undefined;
  useEffect(() => {
    if (!hasFields) cancel.current?.focus();
  }, [hasFields]);
  return (
    <form
      className={styles.confirm}
      onSubmit={(event) => {
        event.preventDefault();
        onConfirm();
      }}
    >
      <p role="alert">{text}</p>
      {children}
      <FormError error={error} />
      <div className={styles.buttons}>
        <Button type="submit" variant="default" c="var(--negative)" loading={isPending}>
          {action}
        </Button>
        <Button ref={cancel} variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

/** The rows of a query, or what stands in their place. */
export function Loaded<Row>({ query, empty, children }: { query: UseQueryResult<Row[]>; empty: string; children: (rows: Row[]) => ReactNode }) {
  const t = securityWords.use();
  if (query.data) return query.data.length === 0 ? <p className={styles.soft}>{empty}</p> : children(query.data);
  if (query.isError) return <PaneError title={t("load_error")} error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <Delayed>
      <div className={styles.row}>
        <Bone width="40%" />
        <Bone width="60%" />
      </div>
    </Delayed>
  );
}

/** Rows repeat the same word; its name says which row is meant. */
export function RowButton({ label, name, isDanger, onClick }: { label: string; name: string; isDanger?: boolean; onClick: () => void }) {
  return (
    <button type="button" className={styles.rowButton} data-danger={isDanger} aria-label={name} onClick={onClick}>
      {label}
    </button>
  );
}
