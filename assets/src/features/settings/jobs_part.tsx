// Background jobs; one that failed for good can be started again.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as calls from "../../api/calls";
import { jobsQuery } from "../../api/queries";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { StateWord, type Shape, type Tone } from "../../components/mark";
import page from "../../components/page.module.css";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { showToast } from "../../components/toast";
import styles from "./settings.module.css";
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
      <div className={styles.head}>
        <h2>{t("jobs")}</h2>
      </div>
      {query.isError && !query.data ? <PaneError title={t("jobs_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 ? <p className={styles.none}>{t("jobs_empty")}</p> : null}
      {query.data && query.data.length > 0 ? (
        <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t("jobs")}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{t("job")}</th>
                <th scope="col">{t("state")}</th>
                <th scope="col" className={page.number}>{t("attempts")}</th>
                <th scope="col">{t("next_run")}</th>
                <th scope="col">{t("last_error")}</th>
                <th scope="col">
                  <span className="visually-hidden">{t("retry")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((job) => (
                <tr key={job.id}>
                  <td>
                    <code>{job.kind}</code>
                  </td>
                  <td>
                    <StateWord {...LOOKS[readState(job.state)]} word={t(`job_${readState(job.state)}`)} />
                  </td>
                  <td className={page.number}>{`${job.attempts} / ${job.max_attempts}`}</td>
                  <td className={page.soft}>
                    <RelativeTime atMs={job.run_at_ms} />
                  </td>
                  <td className={`${page.soft} ${styles.clip}`} title={job.last_error || undefined}>
                    {job.last_error || "–"}
                  </td>
                  <td className={page.number}>
                    {job.state === "dead" ? <ActionButton size="small" look="outlined" label={t("retry")} hasText onClick={() => retry.mutate(job.id)} /> : null}
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
