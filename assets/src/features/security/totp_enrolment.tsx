// Setting up an authenticator app: a proof, then picture or key, then the first code.
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import type { TotpEnrolment as Enrolment } from "../../api/account_types";
import { ApiError } from "../../api/client";
import { CopyField } from "../../components/copy_field";
import { useErrorText } from "../../components/error_text";
import { readProof } from "../../components/proof";
import { isProofRefused, ProofField } from "../../components/proof_field";
import { FormError } from "./part";
import styles from "./security.module.css";
import { securityWords } from "./words";

const CODE_LENGTH = 6;
type Props = { onDone: (codes: string[]) => void; onCancel: () => void };

export function TotpEnrolment({ onDone, onCancel }: Props) {
  const t = securityWords.use();
  const [typed, setTyped] = useState("");
  const start = useMutation({ mutationFn: calls.startTotp });
  if (start.data) return <Verify enrolment={start.data} onDone={onDone} onCancel={onCancel} />;
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    start.mutate(readProof(typed));
  }
  return (
    <form className={styles.form} onSubmit={handleSubmit}>
      <ProofField value={typed} onChange={setTyped} error={start.error} isFirst />
      <FormError error={isProofRefused(start.error) ? null : start.error} />
      <div className={styles.buttons}>
        <Button type="submit" loading={start.isPending}>
          {t("factor_next")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function Verify({ enrolment, onDone, onCancel }: Props & { enrolment: Enrolment }) {
  const t = securityWords.use();
  const describe = useErrorText();
  const [code, setCode] = useState("");
  const verify = useMutation({
    mutationFn: calls.verifyTotp,
    onSuccess: ({ recovery_codes }) => onDone(recovery_codes),
    onError: () => setCode(""),
  });
  function handleChange(typed: string): void {
    const next = typed.replace(/\D/g, "").slice(0, CODE_LENGTH);
    setCode(next);
    if (next.length === CODE_LENGTH && !verify.isPending) verify.mutate(next);
  }
  const isWrong = verify.error instanceof ApiError && [400, 401, 403].includes(verify.error.status);
  const wrong = verify.isError && code === "" ? (isWrong ? t("factor_code_wrong") : describe(verify.error)) : null;
  return (
    <form
      className={styles.enrol}
      onSubmit={(event) => {
        event.preventDefault();
        if (code.length === CODE_LENGTH && !verify.isPending) verify.mutate(code);
      }}
    >
      <img className={styles.qr} src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(enrolment.qr_svg)}`} alt={t("factor_qr")} width={184} height={184} />
      <div>
        <p>{t("factor_scan")}</p>
        <CopyField label={t("factor_secret")} value={enrolment.secret} />
        <TextInput
          className={styles.digits}
          label={t("factor_code")}
          value={code}
          onChange={(event) => handleChange(event.currentTarget.value)}
          autoComplete="one-time-code"
          inputMode="numeric"
          readOnly={verify.isPending}
          error={wrong}
          autoFocus
        />
        <span className="visually-hidden" role="status">
          {wrong ?? ""}
        </span>
        <div className={styles.buttons}>
          <Button type="submit" loading={verify.isPending}>
            {t("factor_verify")}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("cancel")}
          </Button>
        </div>
      </div>
    </form>
  );
}
