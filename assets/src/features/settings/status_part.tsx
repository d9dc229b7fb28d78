// How far each consumer of the event log has come, and the button that rebuilds the search index.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as calls from "../../api/calls";
import { statusQuery } from "../../api/queries";
import { useErrorText } from "../../components/error_text";
import { StateWord } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { SectionHead } from "../../components/sections";
import { Table } from "../../components/table";
import { showToast } from "../../components/toast";
import { useFormat } from "../../i18n/format";
import { settingsWords } from "./words";

const KNOWN = ["search", "timeline"] as const;
const isKnown = (name: string): name is (typeof KNOWN)[number] => KNOWN.some((known) => known === name);

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
      <SectionHead
        title={t("status")}
        text={
          status ? (
            <>
              {t("version", { version: status.version, time: format.dateTime(status.started_at_ms) })}
              {status.is_index_rebuilding ? (
                <>
                  {" "}
                  <StateWord tone="information" shape="half" word={t("index_rebuilding")} />
                </>
              ) : null}
            </>
          ) : null
        }
        action={
          <Button variant="default" loading={reindex.isPending} onClick={() => reindex.mutate()}>
            {t("reindex")}
          </Button>
        }
      />
      {query.isError && !status ? <PaneError title={t("status_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {status ? (
        <Table
          isBoxed
          label={t("status")}
          rows={status.consumers}
          keyOf={(consumer) => consumer.name}
          columns={[
            { key: "name", name: t("consumer"), title: (consumer) => consumer.name, cell: (consumer) => (isKnown(consumer.name) ? t(`consumer_${consumer.name}`) : consumer.name) },
            {
              key: "lag",
              name: t("lag"),
              cell: (consumer) =>
                consumer.lag === 0 ? (
                  <StateWord tone="positive" shape="disc" word={t("up_to_date")} />
                ) : (
                  <StateWord tone="caution" shape="half" word={t("events_count", { count: consumer.lag, shown: format.number(consumer.lag) })} />
                ),
            },
            { key: "cursor", name: t("cursor"), look: "number", cell: (consumer) => format.number(consumer.cursor) },
            { key: "head", name: t("head"), look: "number", cell: (consumer) => format.number(consumer.head) },
            { key: "error", name: t("last_error"), look: "clip", title: (consumer) => consumer.last_error || undefined, cell: (consumer) => consumer.last_error || "–" },
          ]}
        />
      ) : null}
    </section>
  );
}
