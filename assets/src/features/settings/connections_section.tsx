// Connections to providers: create, new secret (shown once), delete with the question asked in place.
import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/calls";
import { connectionsQuery } from "../../api/queries";
import type { Connection, ConnectionSecret } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useErrorText } from "../../components/error_text";
import { Mark } from "../../components/mark";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { useAdminReason } from "../../components/permission";
import { Question } from "../../components/question";
import { useFormat, useNow } from "../../i18n/format";
import { WebhookValues } from "../setup/webhook_values";
import styles from "../../components/section.module.css";
import { settingsWords } from "./words";

export function ConnectionsSection() {
  const t = settingsWords.use();
  const query = useQuery(connectionsQuery());
  const adminReason = useAdminReason();
  const [isCreating, setCreating] = useState(false);
  const [fresh, setFresh] = useState<ConnectionSecret | null>(null);
  return (
    <div className={styles.wide} style={{ maxWidth: 760, gap: 0 }}>
      <div className={styles.head}>
        <div>
          <h2>{t("connections")}</h2>
          <p className={styles.soft}>{t("connections_text")}</p>
        </div>
        <ActionButton look="outlined" icon={IconPlus} label={t("connection_new")} hasText disabledReason={adminReason} onClick={() => setCreating(true)} />
      </div>
      {isCreating ? (
        <CreateConnection
          onCancel={() => setCreating(false)}
          onDone={(connection) => {
            setCreating(false);
            setFresh(connection);
          }}
        />
      ) : null}
      {query.isError && !query.data ? <PaneError title={t("connections_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 && !isCreating ? <PaneMessage title={t("connections_empty")} text={t("connections_empty_text")} /> : null}
      {query.data && query.data.length > 0 ? (
        <ul className={styles.connections}>
          {query.data.map((connection) => (
            <ConnectionItem
              key={connection.id}
              connection={connection}
              adminReason={adminReason}
              secret={fresh?.id === connection.id ? fresh : null}
              onSecret={setFresh}
            />
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function CreateConnection({ onCancel, onDone }: { onCancel: () => void; onDone: (connection: ConnectionSecret) => void }) {
  const t = settingsWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: calls.createConnection,
    onSuccess: async (connection) => {
      await client.invalidateQueries({ queryKey: ["connections"] });
      onDone(connection);
    },
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "") create.mutate(name);
  }
  return (
    <form className={styles.form} onSubmit={handleSubmit}>
      <TextInput name="name" label={t("connection_name")} defaultValue="Instantly" error={create.isError ? describe(create.error) : null} autoFocus style={{ flex: 1 }} />
      <Button type="submit" loading={create.isPending}>
        {t("connection_create")}
      </Button>
      <Button variant="default" onClick={onCancel}>
        {t("connection_cancel")}
      </Button>
    </form>
  );
}

type ItemProps = { connection: Connection; adminReason: string | null; secret: ConnectionSecret | null; onSecret: (secret: ConnectionSecret | null) => void };

function ConnectionItem({ connection, adminReason, secret, onSecret }: ItemProps) {
  const t = settingsWords.use();
  const format = useFormat();
  const now = useNow();
  const client = useQueryClient();
  const [question, setQuestion] = useState<"secret" | "delete" | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ["connections"], exact: true });
  const renew = useMutation({
    mutationFn: () => calls.renewConnectionSecret(connection.id),
    onSuccess: (renewed) => {
      setQuestion(null);
      onSecret(renewed);
      void refresh();
    },
  });
  const remove = useMutation({ mutationFn: () => calls.deleteConnection(connection.id), onSuccess: () => refresh() });
  const last = connection.last_event_at_ms;
  return (
    <li className={styles.connection}>
      <div className={styles.connectionHead}>
        <div className={styles.connectionName}>
          <Mark tone={last === null ? "caution" : "positive"} shape={last === null ? "ring" : "disc"} />
          <h3>{connection.name}</h3>
          {connection.is_shared ? <Chip text={t("connection_shared")} /> : null}
        </div>
        <div className={styles.buttons}>
          <ActionButton size="small" label={t("secret_new")} hasText disabledReason={adminReason} onClick={() => setQuestion("secret")} />
          <ActionButton size="small" label={t("delete")} hasText isDanger disabledReason={adminReason} onClick={() => setQuestion("delete")} />
        </div>
      </div>
      <div className={`${styles.connectionFacts} ${styles.soft} ${styles.small}`}>
        <span title={last === null ? undefined : format.exact(last)}>{last === null ? t("connection_never") : t("connection_last", { time: format.short(last, now) })}</span>
        <span>{t("connection_events", { count: connection.event_count, shown: format.number(connection.event_count) })}</span>
        <span>{t("connection_created", { time: format.date(connection.created_at_ms) })}</span>
        <code>{connection.webhook_url}</code>
      </div>
      {question === "secret" ? (
        <Question
          text={t("secret_confirm")}
          action={t("secret_confirm_action")}
          isDanger={false}
          isPending={renew.isPending}
          error={renew.error}
          onConfirm={() => renew.mutate()}
          onCancel={() => setQuestion(null)}
        />
      ) : null}
      {question === "delete" ? (
        <Question
          text={t("delete_confirm")}
          action={t("delete_confirm_action")}
          isPending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onCancel={() => setQuestion(null)}
        />
      ) : null}
      {secret ? (
        <div className={styles.values}>
          <h3>{t("secret_values")}</h3>
          <WebhookValues connection={secret} />
          <div className={styles.buttons}>
            <Button variant="default" onClick={() => onSecret(null)}>
              {t("secret_done")}
            </Button>
          </div>
        </div>
      ) : null}
    </li>
  );
}
