// Where the account is signed in; each session can be ended, and all others at once.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/account_calls";
import { sessionsQuery } from "../../api/account_queries";
import type { SignInSession } from "../../api/account_types";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useFormat, useNow } from "../../i18n/format";
import { Loaded, Part, Question, RowButton } from "./part";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function SessionsPart() {
  const t = securityWords.use();
  const client = useQueryClient();
  const query = useQuery(sessionsQuery());
  const [isAsked, setAsked] = useState(false);
  const endOthers = useMutation({
    mutationFn: calls.endOtherSessions,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["sessions"] });
      setAsked(false);
    },
  });
  const hasOthers = query.data?.some((session) => !session.is_current) === true;
  return (
    <Part
      title={t("sessions")}
      text={t("sessions_text")}
      action={hasOthers && !isAsked ? <ActionButton look="outlined" label={t("sessions_end_others")} hasText isDanger onClick={() => setAsked(true)} /> : null}
    >
      {isAsked ? (
        <Question
          text={t("sessions_end_others_text")}
          action={t("sessions_end_others")}
          isPending={endOthers.isPending}
          error={endOthers.error}
          onConfirm={() => endOthers.mutate()}
          onCancel={() => setAsked(false)}
        />
      ) : null}
      <Loaded query={query} empty={t("sessions_only")}>
        {(rows) => (
          <>
            <ul className={styles.rows}>
              {rows.toSorted(byUse).map((session) => (
                <SessionRow key={session.id} session={session} />
              ))}
            </ul>
            {hasOthers ? null : <p className={styles.soft}>{t("sessions_only")}</p>}
          </>
        )}
      </Loaded>
    </Part>
  );
}

/** This session first, then the ones used last. */
const byUse = (left: SignInSession, right: SignInSession) => Number(right.is_current) - Number(left.is_current) || right.last_used_at_ms - left.last_used_at_ms;

function SessionRow({ session }: { session: SignInSession }) {
  const t = securityWords.use();
  const format = useFormat();
  const now = useNow();
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const end = useMutation({ mutationFn: () => calls.endSessionOf(session.id), onSuccess: () => client.invalidateQueries({ queryKey: ["sessions"] }) });
  const device = session.device || t("session_unknown");
  return (
    <li className={styles.row}>
      <div className={styles.line}>
        <div className={styles.what}>
          <span className={styles.name} title={session.user_agent || undefined}>
            {device}
            {session.is_current ? <Chip text={t("session_this")} tone="positive" shape="disc" /> : null}
          </span>
          <span className={styles.facts}>
            <span>{t("session_from", { address: session.address })}</span>
            <span title={format.exact(session.last_used_at_ms)}>{t("session_used", { time: format.short(session.last_used_at_ms, now) })}</span>
            <span title={format.exact(session.created_at_ms)}>{t("session_created", { time: format.date(session.created_at_ms) })}</span>
          </span>
        </div>
        {session.is_current ? null : <RowButton label={t("session_end")} name={t("session_end_of", { device })} isDanger onClick={() => setAsked(true)} />}
      </div>
      {isAsked ? (
        <Question text={t("session_end_text")} action={t("session_end_action")} isPending={end.isPending} error={end.error} onConfirm={() => end.mutate()} onCancel={() => setAsked(false)} />
      ) : null}
    </li>
  );
}
