// Signing in: password, passkey, or another service; who has a second factor is asked for it in place.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useState, type FormEvent, type RefObject } from "react";
import * as calls from "../../api/account_calls";
import { signInOptionsQuery } from "../../api/account_queries";
import type { SecondFactorStep as Step, SignInOptions, SignInProvider } from "../../api/account_types";
import { ApiError } from "../../api/client";
import type { Session } from "../../api/types";
import { useEnter } from "./enter";
import { keepProviderTrip, readInvitation } from "./kept";
import { isPasskeyPossible } from "./passkey";
import { usePasskey, usePasskeyError, usePasskeyOffer, type Offer } from "./passkey_sign_in";
import { FormError, Screen } from "./screen";
import { SecondFactorStep } from "./second_factor_step";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function SignInView() {
  const { next } = useSearch({ from: "/sign-in" });
  const enter = useEnter();
  const [step, setStep] = useState<Step | null>(null);
  const onSession = (session: Session) => enter(session, next);
  if (step) return <SecondFactorStep step={step} onSession={onSession} onBack={() => setStep(null)} />;
  return <FirstStep next={next ?? null} onSession={onSession} onStep={setStep} />;
}

type FirstStepProps = { next: string | null; onSession: (session: Session) => void; onStep: (step: Step) => void };

function FirstStep({ next, onSession, onStep }: FirstStepProps) {
  const t = sessionWords.use();
  const options = useQuery(signInOptionsQuery());
  const arePasskeysOffered = options.data?.is_passkey_possible === true && isPasskeyPossible();
  const offer = usePasskeyOffer(arePasskeysOffered, onSession);
  const signIn = useMutation({
    mutationFn: calls.signIn,
    onSuccess: (answer) => {
      void offer.current?.end();
      if (calls.isSession(answer)) onSession(answer);
      else onStep(answer.second_factor);
    },
  });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    signIn.mutate({ email: String(fields.get("email") ?? "").trim(), password: String(fields.get("password") ?? "") });
  }

  const isWrong = signIn.error instanceof ApiError && [400, 401, 403].includes(signIn.error.status);
  return (
    <Screen title={t("title")}>
      <form className={styles.form} onSubmit={handleSubmit}>
        <TextInput name="email" type="email" label={t("email")} autoComplete="username webauthn" required withAsterisk={false} autoFocus />
        <PasswordInput name="password" label={t("password")} autoComplete="current-password" required withAsterisk={false} />
        <FormError error={signIn.error} text={isWrong ? t("wrong") : null} />
        <Button type="submit" loading={signIn.isPending}>
          {t("sign_in")}
        </Button>
        <p className={styles.links}>
          <Link to="/forgot-password">{t("forgot")}</Link>
        </p>
      </form>
      {options.isError ? <p className={styles.note}>{t("options_error")}</p> : null}
      {options.data ? <OtherWays options={options.data} arePasskeysOffered={arePasskeysOffered} next={next} offer={offer} onSession={onSession} /> : null}
      {options.data?.registration === "open" || readInvitation() !== "" ? (
        <p className={styles.links}>
          <span>{t("no_account")}</span>
          <Link to="/register">{t("register")}</Link>
        </p>
      ) : null}
      <p className={styles.note}>{t("self_hosted")}</p>
    </Screen>
  );
}

type OtherWaysProps = {
  options: SignInOptions;
  arePasskeysOffered: boolean;
  next: string | null;
  offer: RefObject<Offer | null>;
  onSession: (session: Session) => void;
};

function OtherWays({ options, arePasskeysOffered, next, offer, onSession }: OtherWaysProps) {
  const t = sessionWords.use();
  const describe = usePasskeyError();
  const passkey = usePasskey(null, onSession, offer);
  if (!arePasskeysOffered && options.providers.length === 0) return null;
  return (
    <div className={styles.ways}>
      <p className={styles.or}>{t("or")}</p>
      {arePasskeysOffered ? (
        <Button variant="default" leftSection={<IconFingerprint size={18} stroke={1.5} aria-hidden />} loading={passkey.isPending} onClick={() => passkey.mutate()}>
          {t("with_passkey")}
        </Button>
      ) : null}
      <FormError error={passkey.error} text={passkey.isError ? describe(passkey.error) : null} />
      {options.providers.map((provider) => (
        <ProviderButton key={provider.id} provider={provider} next={next} />
      ))}
    </div>
  );
}

function ProviderButton({ provider, next }: { provider: SignInProvider; next: string | null }) {
  const t = sessionWords.use();
  const start = useMutation({
    mutationFn: () => {
      const invitation = readInvitation();
      return calls.startProvider(provider.id, invitation === "" ? {} : { invitation_token: invitation });
    },
    onSuccess: ({ url }) => {
      keepProviderTrip({ isLink: false, next });
      window.location.assign(url);
    },
  });
  return (
    <>
      <Button variant="default" loading={start.isPending} onClick={() => start.mutate()}>
        {t("with_provider", { name: provider.name })}
      </Button>
      <FormError error={start.error} />
    </>
  );
}
