// How far each consumer of the event log has come, and the button that rebuilds the search index.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as calls from "../../api/calls";
import { statusQuery } from "../../api/queries";
import { useErrorText } from "../../components/error_text";
import { StateWord } from "../../components/mark";
import page from "../../components/page.module.css";
import { PaneError } from "../../components/pane_message";
import { showToast } from "../../components/toast";
import { useFormat } from "../../i18n/format";
import styles from "./settings.module.css";
import { settingsWords } from "./words";

export function StatusPart() {
  const t = settingsWords.use();
  const format = useFormat();
  const describe = useErrorText();
  const client = useQueryClient();
  const query = useQuery(statusQuery());
  const reindex = useMutation({
    mutationFn: calls.reindexSearch,
    onSuccess: () => {
      showToast(t("reindex_started"));
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
    onError: (error) => showToast(describe(error)),
  });
  const status = query.data;
  return (
    <section>
      <div className={styles.head}>
        <div>
          <h2>{t("status")}</h2>
          {status ? <p className={styles.soft}>{t("version", { version: status.version, time: format.dateTime(status.started_at_ms) })}</p> : null}
          {status?.is_index_rebuilding ? <StateWord tone="information" shape="half" word={t("index_rebuilding")} /> : null}
        </div>
        <Button variant="default" loading={reindex.isPending} onClick={() => reindex.mutate()}>
          {t("reindex")}
        </Button>
      </div>
      {query.isError && !status ? <PaneError title={t("status_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {status ? (
        <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t("status")}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{t("consumer")}</th>
                <th scope="col">{t("lag")}</th>
                <th scope="col" className={page.number}>{t("cursor")}</th>
                <th scope="col" className={page.number}>{t("head")}</th>
                <th scope="col">{t("last_error")}</th>
              </tr>
            </thead>
            <tbody>
              {status.consumers.map((consumer) => (
                <tr key={consumer.name}>
                  <td>
                    <code>{consumer.name}</code>
                  </td>
                  <td>
                    {consumer.lag === 0 ? (
                      <StateWord tone="positive" shape="disc" word={t("up_to_date")} />
                    ) : (
                      <StateWord tone="caution" shape="half" word={t("events_count", { count: consumer.lag, shown: format.number(consumer.lag) })} />
                    )}
                  </td>
                  <td className={page.number}>{format.number(consumer.cursor)}</td>
                  <td className={page.number}>{format.number(consumer.head)}</td>
                  <td className={`${page.soft} ${styles.clip}`} title={consumer.last_error || undefined}>
                    {consumer.last_error || "–"}
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
