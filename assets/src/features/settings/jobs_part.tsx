// Background jobs; one that failed for good can be started again.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as calls from "../../api/calls";
import { jobsQuery } from "../../api/queries";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { StateWord, type Shape, type Tone } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { Table } from "../../components/table";
import { showToast } from "../../components/toast";
import { settingsWords } from "./words";

type State = "waiting" | "running" | "done" | "dead";

const LOOKS: Record<State, { tone: Tone; shape: Shape }> = {
  waiting: { tone: "neutral", shape: "ring" },
  running: { tone: "information", shape: "half" },
  done: { tone: "positive", shape: "disc" },
  dead: { tone: "negative", shape: "triangle" },
};

function readState(state: string): State {
  return state === "running" || state === "done" || state === "dead" ? state : "waiting";
}

export function JobsPart() {
  const t = settingsWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const query = useQuery(jobsQuery());
  const retry = useMutation({
    mutationFn: calls.retryJob,
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
    onError: (error) => showToast(describe(error)),
  });
  return (
    <section>
      <SectionHead title={t("jobs")} />
      {query.isError && !query.data ? <PaneError title={t("jobs_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 ? <p className={styles.none}>{t("jobs_empty")}</p> : null}
      {query.data && query.data.length > 0 ? (
        <Table
          isBoxed
          label={t("jobs")}
          rows={query.data}
          keyOf={(job) => job.id}
          columns={[
            { key: "kind", name: t("job"), cell: (job) => <code>{job.kind}</code> },
            { key: "state", name: t("state"), cell: (job) => <StateWord {...LOOKS[readState(job.state)]} word={t(`job_${readState(job.state)}`)} /> },
            { key: "attempts", name: t("attempts"), look: "number", cell: (job) => `${job.attempts} / ${job.max_attempts}` },
            { key: "next", name: t("next_run"), look: "soft", cell: (job) => <RelativeTime atMs={job.run_at_ms} /> },
            { key: "error", name: t("last_error"), look: "clip", title: (job) => job.last_error || undefined, cell: (job) => job.last_error || "–" },
            {
              key: "retry",
              name: t("retry"),
              look: "actions",
              isNameHidden: true,
              cell: (job) => (job.state === "dead" ? <ActionButton size="small" look="outlined" label={t("retry")} hasText onClick={() => retry.mutate(job.id)} /> : null),
            },
          ]}
        />
      ) : null}
    </section>
  );
}
