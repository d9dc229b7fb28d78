// Recovery codes, shown once: to copy, download or print before they are gone.
import { Button } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload, IconPrinter } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import styles from "./security.module.css";
import { securityWords } from "./words";

const COPIED_MS = 2_000;

export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const t = securityWords.use();
  const { account } = useMe();
  const [isCopied, setCopied] = useState(false);
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => region.current?.focus(), []);
  const heading = t("codes_file", { email: account.email });
  const text = `${heading}\n\n${codes.join("\n")}\n`;

  async function handleCopy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without HTTPS there is no clipboard; the codes can be selected, downloaded and printed all the same.
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  }
  function handleDownload(): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = "salesbrain-recovery-codes.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  return (
    <div ref={region} tabIndex={-1} role="group" aria-label={t("codes")} className={styles.codes}>
      <h4>{heading}</h4>
      <p>{t("codes_text")}</p>
      <ul className={styles.codeList}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={styles.buttons}>
        <ActionButton look="outlined" icon={isCopied ? IconCheck : IconCopy} label={isCopied ? t("codes_copied") : t("codes_copy")} hasText onClick={() => void handleCopy()} />
        <ActionButton look="outlined" icon={IconDownload} label={t("codes_download")} hasText onClick={handleDownload} />
        <ActionButton look="outlined" icon={IconPrinter} label={t("codes_print")} hasText onClick={() => window.print()} />
        <Button onClick={onDone}>{t("codes_kept")}</Button>
      </div>
    </div>
  );
}
