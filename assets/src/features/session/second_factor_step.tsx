// The second step of signing in, in place: a code of the app, a recovery code or a passkey.
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import type { SecondFactorMethod, SecondFactorStep as Step } from "../../api/account_types";
import { ApiError } from "../../api/client";
import type { Session } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { usePasskey, usePasskeyError } from "./passkey_sign_in";
import { Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

const CODE_LENGTH = 6;
/** The server answers so once the step has ended; a wrong code is a field that is wrong. */
const ENDED = ["unauthenticated", "not_found", "second_factor_expired", "step_expired"];

type StepProps = { step: Step; onSession: (session: Session) => void; onBack: () => void };

export function SecondFactorStep({ step, onSession, onBack }: StepProps) {
  const t = sessionWords.use();
  const [method, setMethod] = useState<SecondFactorMethod>(step.methods[0] ?? "totp");
  const [isEnded, setEnded] = useState(false);
  if (isEnded) {
    return (
      <Screen title={t("factor_title")}>
        <p role="alert" className={styles.error}>
          {t("factor_expired")}
        </p>
        <Button onClick={onBack}>{t("back_to_sign_in")}</Button>
      </Screen>
    );
  }
  const others = step.methods.filter((other) => other !== method);
  const text = method === "totp" ? t("factor_text") : method === "passkey" ? t("factor_passkey_text") : t("factor_recovery_text");
  return (
    <Screen title={t("factor_title")} text={text}>
      {method === "passkey" ? (
        <PasskeyStep token={step.token} onSession={onSession} />
      ) : (
        <CodeStep key={method} token={step.token} isRecovery={method === "recovery_code"} onSession={onSession} onEnded={() => setEnded(true)} />
      )}
      <div className={styles.links}>
        {others.map((other) => (
          <button key={other} type="button" className={styles.link} onClick={() => setMethod(other)}>
            {t(`factor_use_${other}`)}
          </button>
        ))}
        <button type="button" className={styles.link} onClick={onBack}>
          {t("back_to_sign_in")}
        </button>
      </div>
      <p className={styles.note}>{t("factor_lost")}</p>
    </Screen>
  );
}

type CodeProps = { token: string; isRecovery: boolean; onSession: (session: Session) => void; onEnded: () => void };

function CodeStep({ token, isRecovery, onSession, onEnded }: CodeProps) {
  const t = sessionWords.use();
  const describe = useErrorText();
  const [code, setCode] = useState("");
  const send = useMutation({
    mutationFn: (typed: string) => calls.finishSecondFactor({ token, code: typed }),
    onSuccess: onSession,
    onError: (error) => {
      if (error instanceof ApiError && ENDED.includes(error.code)) onEnded();
      else setCode("");
    },
  });

  function handleChange(typed: string): void {
    // A code is often copied with a space in the middle.
    const next = isRecovery ? typed : typed.replace(/\D/g, "").slice(0, CODE_LENGTH);
    setCode(next);
    if (!isRecovery && next.length === CODE_LENGTH && !send.isPending) send.mutate(next);
  }
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (code.trim() !== "" && !send.isPending) send.mutate(code.trim());
  }

  const isWrong = send.error instanceof ApiError && [400, 401, 403].includes(send.error.status);
  const wrong = isRecovery ? t("factor_wrong_recovery") : t("factor_wrong");
  return (
    <form className={styles.ways} onSubmit={handleSubmit}>
      <TextInput
        className={styles.code}
        label={isRecovery ? t("factor_recovery") : t("factor_code")}
        value={code}
        onChange={(event) => handleChange(event.currentTarget.value)}
        autoComplete={isRecovery ? "off" : "one-time-code"}
        inputMode={isRecovery ? "text" : "numeric"}
        autoCapitalize="off"
        spellCheck={false}
        readOnly={send.isPending}
        error={send.isError && code === "" ? (isWrong ? wrong : describe(send.error)) : null}
        autoFocus
      />
      <span className="visually-hidden" role="status">
        {send.isError ? (isWrong ? wrong : describe(send.error)) : ""}
      </span>
      <Button type="submit" loading={send.isPending}>
        {t("factor_confirm")}
      </Button>
    </form>
  );
}

function PasskeyStep({ token, onSession }: { token: string; onSession: (session: Session) => void }) {
  const t = sessionWords.use();
  const describe = usePasskeyError();
  const passkey = usePasskey(token, onSession);
  return (
    <div className={styles.ways}>
      {passkey.isError ? (
        <p role="alert" className={styles.error}>
          {describe(passkey.error)}
        </p>
      ) : null}
      <Button loading={passkey.isPending} onClick={() => passkey.mutate()} autoFocus>
        {t("factor_use_passkey")}
      </Button>
    </div>
  );
}
