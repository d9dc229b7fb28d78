// The question before something that cannot be taken back, asked where the button was: what will happen, the way on, the way out.
// The focus goes into it and back to where it came from; Escape is the way out. What is gravest asks for a name to be typed.
import { Button, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";
import { useErrorText } from "./error_text";
import styles from "./question.module.css";
import { componentWords } from "./words";

type QuestionProps = {
  text: ReactNode;
  action: string;
  onConfirm: () => void;
  onCancel: () => void;
  isPending?: boolean;
  error?: unknown;
  isDanger?: boolean;
  /** What must be typed before the answer can be yes. */
  typed?: { label: string; value: string; reason: string };
  /** Fields that belong to the answer. */
  children?: ReactNode;
};

export function Question({ text, action, onConfirm, onCancel, isPending, error, isDanger = true, typed, children }: QuestionProps) {
  const t = componentWords.use();
  const describe = useErrorText();
  const box = useRef<HTMLFormElement>(null);
  const [name, setName] = useState("");
  const [isRefused, setRefused] = useState(false);

  useEffect(() => {
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>("input, button")?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  function handleSubmit(event: FormEvent): void {
    event.preventDefault();
    const isTyped = !typed || name.trim() === typed.value;
    setRefused(!isTyped);
    if (isTyped) onConfirm();
  }

  function handleKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    onCancel();
  }

  return (
    <form ref={box} className={styles.question} onSubmit={handleSubmit} onKeyDown={handleKeyDown} noValidate>
      <p role="alert">{text}</p>
      {children}
      {typed ? (
        <TextInput label={typed.label} value={name} onChange={(event) => setName(event.target.value)} error={isRefused ? typed.reason : null} autoComplete="off" spellCheck={false} />
      ) : null}
      {error ? (
        <p role="alert" className={styles.error}>
          {describe(error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" variant="default" c={isDanger ? "var(--negative)" : undefined} loading={isPending}>
          {action}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}
