// The second factor: an authenticator app with its recovery codes, switched on in two steps, switched off with a proof.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/account_calls";
import { secondFactorQuery } from "../../api/account_queries";
import type { SecondFactorState } from "../../api/account_types";
import { acceptMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { StateWord } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { useFormat } from "../../i18n/format";
import { Part } from "./part";
import { ProofQuestion } from "./proof_question";
import { RecoveryCodes } from "./recovery_codes";
import styles from "./security.module.css";
import { TotpEnrolment } from "./totp_enrolment";
import { securityWords } from "./words";

type Open = "enrol" | "turn_off" | "codes" | null;

/** Whether everything else is closed may have changed with it. */
export function useSecondFactorChanged(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ["second-factor"] });
    acceptMe(await calls.findMe());
  };
}

export function SecondFactorPart() {
  const t = securityWords.use();
  const format = useFormat();
  const query = useQuery(secondFactorQuery());
  const [open, setOpen] = useState<Open>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const changed = useSecondFactorChanged();
  const done = (fresh: string[] | null) => {
    setOpen(null);
    setCodes(fresh);
    changed().catch(() => undefined);
  };
  const state = query.data;
  if (!state) {
    return <Part title={t("factor")} text={t("factor_text")}>{query.isError ? <PaneError title={t("load_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}</Part>;
  }
  const since = state.totp.confirmed_at_ms;
  const isOn = since !== null;
  const isMissing = state.is_required && !isOn && state.passkeys === 0;
  return (
    <Part
      title={t("factor")}
      text={t("factor_text")}
      action={open === null && codes === null && !isOn ? <ActionButton look="outlined" label={t("factor_start")} hasText onClick={() => setOpen("enrol")} /> : null}
    >
      <StateWord tone={isOn ? "positive" : "neutral"} shape={isOn ? "disc" : "ring"} word={isOn ? `${t("factor_on")} · ${t("factor_since", { time: format.date(since) })}` : t("factor_off")} />
      {isMissing ? <p className={styles.notice}>{t("factor_required")}</p> : null}
      {state.passkeys > 0 ? <p className={styles.soft}>{t("factor_passkeys", { count: state.passkeys })}</p> : null}
      {codes ? <RecoveryCodes codes={codes} onDone={() => setCodes(null)} /> : null}
      {open === "enrol" ? <TotpEnrolment onDone={done} onCancel={() => setOpen(null)} /> : null}
      {isOn && codes === null && open !== "enrol" ? <Codes state={state} open={open} onOpen={setOpen} onDone={done} /> : null}
    </Part>
  );
}

type CodesProps = { state: SecondFactorState; open: Open; onOpen: (open: Open) => void; onDone: (codes: string[] | null) => void };

function Codes({ state, open, onOpen, onDone }: CodesProps) {
  const t = securityWords.use();
  const turnOff = useMutation({ mutationFn: calls.deleteTotp, onSuccess: () => onDone(null) });
  const renew = useMutation({ mutationFn: calls.renewRecoveryCodes, onSuccess: ({ recovery_codes }) => onDone(recovery_codes) });
  const left = state.recovery_codes_left;
  const show = (next: Open) => {
    turnOff.reset();
    renew.reset();
    onOpen(next);
  };
  const close = () => onOpen(null);
  return (
    <>
      <p className={left === 0 ? styles.notice : styles.soft}>{left === 0 ? t("codes_none") : t("codes_left", { count: left })}</p>
      {open === "codes" ? (
        <ProofQuestion text={t("codes_new_text")} action={t("codes_new_action")} isPending={renew.isPending} error={renew.error} onProof={renew.mutate} onCancel={close} />
      ) : null}
      {open === "turn_off" ? (
        <ProofQuestion
          text={`${t("factor_turn_off_text")}${state.is_required && state.passkeys === 0 ? ` ${t("factor_required_off")}` : ""}`}
          action={t("factor_turn_off_action")}
          isPending={turnOff.isPending}
          error={turnOff.error}
          onProof={turnOff.mutate}
          onCancel={close}
        />
      ) : null}
      {open === null ? (
        <div className={styles.buttons}>
          <ActionButton look="outlined" label={t("codes_new")} hasText onClick={() => show("codes")} />
          <ActionButton look="outlined" label={t("factor_turn_off")} hasText isDanger onClick={() => show("turn_off")} />
        </div>
      ) : null}
    </>
  );
}
