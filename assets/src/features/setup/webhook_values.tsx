// The values to carry over to Instantly, and the light that turns green with the first event; setup and settings share it.
import { useQuery } from "@tanstack/react-query";
import { connectionQuery } from "../../api/queries";
import type { ConnectionSecret } from "../../api/types";
import { CopyField } from "../../components/copy_field";
import { Mark } from "../../components/mark";
import styles from "./setup.module.css";
import { setupWords } from "./words";

const ASK_AGAIN_MS = 1_000;

export function WebhookValues({ connection }: { connection: ConnectionSecret }) {
  const t = setupWords.use();
  return (
    <>
      <CopyField label={t("address")} value={connection.webhook_url} />
      <CopyField label={t("header")} value={connection.header_name} />
      <CopyField label={t("secret")} value={connection.webhook_secret} note={t("secret_note")} isSecret />
      <CopyField label={t("alternative")} value={connection.token_webhook_url} note={t("alternative_note")} isSecret />
      <FirstEventLight connectionId={connection.id} sinceMs={connection.last_event_at_ms} />
    </>
  );
}

function FirstEventLight({ connectionId, sinceMs }: { connectionId: string; sinceMs: number | null }) {
  const t = setupWords.use();
  const query = useQuery({
    ...connectionQuery(connectionId),
    refetchInterval: (current) => ((current.state.data?.last_event_at_ms ?? null) !== sinceMs ? false : ASK_AGAIN_MS),
  });
  const lastEventAtMs = query.data?.last_event_at_ms ?? null;
  const isReceived = lastEventAtMs !== null && lastEventAtMs !== sinceMs;
  return (
    <div className={styles.wait} data-received={isReceived} role="status">
      <span className={styles.light}>
        <Mark tone={isReceived ? "positive" : "caution"} shape={isReceived ? "disc" : "ring"} size={12} />
      </span>
      <div>
        <p className={styles.waitName}>{isReceived ? t("received") : t("waiting")}</p>
        <p className={styles.text}>{isReceived ? t("received_text") : t("waiting_text")}</p>
      </div>
    </div>
  );
}
