// Back from another service: hands its answer to the server once, then goes where the person was heading.
import { useNavigate, useParams } from "@tanstack/react-router";
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import * as calls from "../../api/account_calls";
import type { SecondFactorStep as Step } from "../../api/account_types";
import { ApiError } from "../../api/client";
import { refreshSession } from "../../api/session";
import { useErrorText } from "../../components/error_text";
import { readCallback } from "./callback_answer";
import { useEnter } from "./enter";
import { takeProviderTrip, type ProviderTrip } from "./kept";
import { MessageScreen } from "./screen";
import { SecondFactorStep } from "./second_factor_step";
import { sessionWords } from "./words";

export function CallbackView() {
  const t = sessionWords.use();
  const describe = useErrorText();
  const { provider } = useParams({ from: "/sign-in/callback/$provider" });
  const navigate = useNavigate();
  const enter = useEnter();
  const hasStarted = useRef(false);
  const [trip, setTrip] = useState<ProviderTrip | null>(null);
  const [step, setStep] = useState<Step | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  async function post(current: ProviderTrip | null, search: string, hash: string): Promise<void> {
    const answer = readCallback(search, hash);
    if (answer.kind !== "answer") return setFailure(t(answer.kind === "refused" ? "callback_refused" : "callback_incomplete"));
    if (current === null) return setFailure(t("callback_unasked"));
    try {
      // Linking belongs to someone who is signed in; the page has just been loaded and knows nobody yet.
      if (current.isLink) await refreshSession();
      const result = await calls.finishProvider(provider, answer.body);
      if ("linked" in result) await navigate({ to: "/settings/$section", params: { section: "security" }, replace: true });
      else if (calls.isSession(result)) enter(result, current.next);
      else setStep(result.second_factor);
    } catch (cause) {
      setFailure(cause instanceof ApiError || cause instanceof Error ? describe(cause) : t("callback_incomplete"));
    }
  }

  useEffect(() => {
    if (hasStarted.current) return;
    hasStarted.current = true;
    const { search, hash, pathname } = window.location;
    const current = takeProviderTrip();
    setTrip(current);
    // The answer is good for one use; it must not stay in the history.
    window.history.replaceState(window.history.state, "", pathname);
    void post(current, search, hash);
  });

  if (step) {
    return <SecondFactorStep step={step} onSession={(session) => enter(session, trip?.next)} onBack={() => void navigate({ to: "/sign-in", replace: true })} />;
  }
  if (failure === null) return <MessageScreen title={trip?.isLink ? t("callback_linking") : t("callback_title")} />;
  return (
    <MessageScreen
      title={t("callback_failed")}
      text={failure}
      action={
        trip?.isLink ? (
          <Button variant="default" renderRoot={(props) => <Link to="/settings/$section" params={{ section: "security" }} {...props} />}>
            {t("callback_to_security")}
          </Button>
        ) : (
          <Button variant="default" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
            {t("back_to_sign_in")}
          </Button>
        )
      }
    />
  );
}
