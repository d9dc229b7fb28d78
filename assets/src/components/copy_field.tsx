// A value to carry to another program: selectable, with a copy button; secrets stay covered until asked for.
import { IconCheck, IconCopy, IconEye, IconEyeOff } from "@tabler/icons-react";
import { useState } from "react";
import { ActionButton } from "./action_button";
import styles from "./components.module.css";
import { componentWords } from "./words";

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS there is no clipboard; the value stays selectable with one click.
    return false;
  }
}

export function CopyField({ label, value, note, isSecret }: { label: string; value: string; note?: string; isSecret?: boolean }) {
  const t = componentWords.use();
  const [isCopied, setCopied] = useState(false);
  const [isCovered, setCovered] = useState(Boolean(isSecret));
  async function handleCopy(): Promise<void> {
    if (!(await copyText(value))) {
      setCovered(false);
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  }
  return (
    <div className={styles.copyField}>
      <span className={styles.copyLabel}>{label}</span>
      <div className={styles.copyRow}>
        <code>{isCovered ? "•".repeat(24) : value}</code>
        <div>
          {isSecret ? (
            <ActionButton size="small" icon={isCovered ? IconEye : IconEyeOff} label={`${isCovered ? t("show") : t("hide")}: ${label}`} onClick={() => setCovered(!isCovered)} />
          ) : null}
          <ActionButton size="small" icon={isCopied ? IconCheck : IconCopy} label={isCopied ? t("copied") : `${t("copy")}: ${label}`} onClick={() => void handleCopy()} />
        </div>
      </div>
      {note ? <span className={styles.copyNote}>{note}</span> : null}
      <span className="visually-hidden" role="status">
        {isCopied ? t("copied") : ""}
      </span>
    </div>
  );
}
