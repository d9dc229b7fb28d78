// Events of shared connections that no organization claims.
import { useQuery } from "@tanstack/react-query";
import { unroutedEventsQuery } from "../../api/queries";
import page from "../../components/page.module.css";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import styles from "./settings.module.css";
import { settingsWords } from "./words";

export function UnroutedPart() {
  const t = settingsWords.use();
  const query = useQuery(unroutedEventsQuery());
  return (
    <section>
      <div className={styles.head}>
        <div>
          <h2>{t("unrouted")}</h2>
          <p className={styles.soft}>{t("unrouted_text")}</p>
        </div>
      </div>
      {query.isError && !query.data ? <PaneError title={t("unrouted_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 ? <p className={styles.none}>{t("unrouted_empty")}</p> : null}
      {query.data && query.data.length > 0 ? (
        <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t("unrouted")}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{t("event_type")}</th>
                <th scope="col">{t("campaign_id")}</th>
                <th scope="col">{t("received")}</th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((event) => (
                <tr key={event.id}>
                  <td>
                    <code>{event.event_type}</code>
                  </td>
                  <td>
                    <code>{event.provider_campaign_id || "–"}</code>
                  </td>
                  <td className={page.soft}>
                    <RelativeTime atMs={event.received_at_ms} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
