// Events of shared connections that no organization claims.
import { useQuery } from "@tanstack/react-query";
import { unroutedEventsQuery } from "../../api/queries";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import { adminWords } from "./words";

export function UnroutedSection() {
  const t = adminWords.use();
  const query = useQuery(unroutedEventsQuery());
  return (
    <section className={styles.wide}>
      <div>
        <SectionHead title={t("unrouted")} text={t("unrouted_text")} />
        {query.isPending ? <TableBones rows={3} /> : null}
        {query.isError && !query.data ? <PaneError title={t("unrouted_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.data?.length === 0 ? <PaneMessage title={t("unrouted_empty")} text={t("unrouted_empty_text")} /> : null}
        {query.data && query.data.length > 0 ? (
          <Table
            isBoxed
            label={t("unrouted")}
            rows={query.data}
            keyOf={(event) => event.id}
            columns={[
              { key: "kind", name: t("event_type"), cell: (event) => <code>{event.event_type}</code> },
              { key: "campaign", name: t("campaign_id"), cell: (event) => <code>{event.provider_campaign_id || "–"}</code> },
              { key: "received", name: t("received"), look: "soft", cell: (event) => <RelativeTime atMs={event.received_at_ms} /> },
            ]}
          />
        ) : null}
      </div>
    </section>
  );
}
