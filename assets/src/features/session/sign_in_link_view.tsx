// A one-time sign-in link: the token is used the moment the page stands; a second factor is asked for in place.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import * as calls from "../../api/account_calls";
import type { SecondFactorStep as Step, SignInAnswer } from "../../api/account_types";
import { ApiError } from "../../api/client";
import { PaneError } from "../../components/pane_message";
import { useEnter } from "./enter";
import { useHashToken } from "./hash_token";
import { LinkButton, MessageScreen } from "./screen";
import { SecondFactorStep } from "./second_factor_step";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function SignInLinkView() {
  const t = sessionWords.use();
  return <TokenView use={calls.signInByLink} words={{ title: t("link_title"), invalid: t("link_invalid"), invalidText: t("link_invalid_text") }} />;
}

/** The address of a new account, or an account's new address, is confirmed by the same link. */
export function VerifyEmailView() {
  const t = sessionWords.use();
  return <TokenView use={calls.verifyEmail} words={{ title: t("verify_title"), invalid: t("verify_invalid"), invalidText: t("verify_invalid_text") }} />;
}

type Words = { title: string; invalid: string; invalidText: string };

function TokenView({ use, words }: { use: (token: string) => Promise<SignInAnswer>; words: Words }) {
  const enter = useEnter();
  const token = useHashToken();
  const [step, setStep] = useState<Step | null>(null);
  const navigate = useNavigate();
  if (step) return <SecondFactorStep step={step} onSession={(session) => enter(session)} onBack={() => void navigate({ to: "/sign-in", replace: true })} />;
  const post = async () => {
    const answer = await use(token);
    if (calls.isSession(answer)) enter(answer);
    else setStep(answer.second_factor);
  };
  return <TokenScreen token={token} post={post} words={words} />;
}

type TokenScreenProps = { token: string; post: () => Promise<void>; words: Words };

function TokenScreen({ token, post, words }: TokenScreenProps) {
  const t = sessionWords.use();
  const posted = useRef<string | null>(null);
  const [error, setError] = useState<unknown>(null);

  async function send(): Promise<void> {
    setError(null);
    try {
      await post();
    } catch (cause) {
      setError(cause);
    }
  }

  useEffect(() => {
    if (posted.current === token) return;
    posted.current = token;
    void send();
  });

  if (error === null) return <MessageScreen title={words.title} />;
  const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 429;
  if (isRefused) return <MessageScreen title={words.invalid} text={words.invalidText} action={<LinkButton to="/sign-in" label={t("link_to_sign_in")} />} />;
  return (
    <main className={styles.screen}>
      <PaneError isPage title={words.invalid} error={error} onRetry={() => void send()} />
    </main>
  );
}
