// What providers sent, with what became of it; each can be read in full and applied again.
import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/calls";
import { providerEventQuery, providerEventsQuery } from "../../api/queries";
import { useMe } from "../../api/session";
import type { ProviderEvent } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { StateWord, type Shape, type Tone } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { Table } from "../../components/table";
import { showToast } from "../../components/toast";
import { componentWords } from "../../components/words";
import styles from "../../components/section.module.css";
import { settingsWords } from "./words";

type State = "applied" | "unknown" | "failed";

const LOOKS: Record<State, { tone: Tone; shape: Shape }> = {
  applied: { tone: "positive", shape: "disc" },
  unknown: { tone: "caution", shape: "ring" },
  failed: { tone: "negative", shape: "triangle" },
};
const STATES = ["all", "applied", "unknown", "failed"] as const;

function readState(state: string): State {
  return state === "applied" || state === "failed" ? state : "unknown";
}

export function ProviderEventsPart() {
  const t = settingsWords.use();
  const [state, setState] = useState<(typeof STATES)[number]>("all");
  const [openId, setOpenId] = useState<string | null>(null);
  const query = useInfiniteQuery(providerEventsQuery(state === "all" ? "" : state));
  const events = query.data?.pages.flatMap((part) => part.rows) ?? [];
  return (
    <section>
      <div className={styles.head}>
        <h2>{t("provider_events")}</h2>
        <SegmentedControl
          aria-label={t("state")}
          value={state}
          onChange={(value) => setState(value as (typeof STATES)[number])}
          data={STATES.map((name) => ({ value: name, label: t(`provider_state_${name}`) }))}
        />
      </div>
      {query.isError && events.length === 0 ? <PaneError title={t("provider_events_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && events.length === 0 ? <p className={styles.none}>{t("provider_events_empty")}</p> : null}
      {events.length > 0 ? (
        <Table
          isBoxed
          label={t("provider_events")}
          rows={events}
          keyOf={(event) => event.id}
          detail={(event) => (event.id === openId ? <Payload eventId={event.id} /> : null)}
          more={query.hasNextPage ? { isLoading: query.isFetchingNextPage, onMore: () => void query.fetchNextPage() } : null}
          columns={[
            { key: "kind", name: t("event_type"), cell: (event) => <code>{event.event_type}</code> },
            { key: "state", name: t("state"), cell: (event) => <StateWord {...LOOKS[readState(event.state)]} word={t(`provider_state_${readState(event.state)}`)} /> },
            { key: "received", name: t("received"), look: "soft", cell: (event) => <RelativeTime atMs={event.received_at_ms} /> },
            { key: "note", name: t("note"), look: "clip", title: (event) => event.note || undefined, cell: (event) => event.note || "–" },
            {
              key: "actions",
              name: t("payload"),
              look: "actions",
              isNameHidden: true,
              cell: (event) => <ProviderEventActions event={event} isOpen={event.id === openId} onToggle={() => setOpenId(event.id === openId ? null : event.id)} />,
            },
          ]}
        />
      ) : null}
    </section>
  );
}

function ProviderEventActions({ event, isOpen, onToggle }: { event: ProviderEvent; isOpen: boolean; onToggle: () => void }) {
  const t = settingsWords.use();
  const shared = componentWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const mayRead = useMe().permissions.includes("payloads.read");
  const replay = useMutation({
    mutationFn: () => calls.replayProviderEvent(event.id),
    onSuccess: () => {
      showToast(t("replayed"));
      void client.invalidateQueries({ queryKey: ["provider-events"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: (error) => showToast(describe(error)),
  });
  return (
    <>
      <ActionButton
        size="small"
        label={isOpen ? t("payload_hide") : t("payload_show")}
        hasText
        isExpanded={isOpen}
        disabledReason={mayRead ? null : shared("role_reason")}
        onClick={onToggle}
      />
      <ActionButton size="small" label={t("replay")} hasText onClick={() => replay.mutate()} />
    </>
  );
}

function Payload({ eventId }: { eventId: string }) {
  const t = settingsWords.use();
  const query = useQuery(providerEventQuery(eventId));
  if (query.isError) return <p className={styles.none}>{t("payload_error")}</p>;
  if (!query.data) return null;
  const { payload } = query.data;
  if (!payload) return <p className={styles.none}>{t("payload_gone")}</p>;
  return (
    <pre className={styles.payload} tabIndex={0}>
      {indent(payload)}
    </pre>
  );
}

/** A body that is not JSON is shown as it came. */
function indent(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
