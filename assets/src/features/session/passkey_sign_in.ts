// Signing in with a passkey: by the button, as the second step, and offered by the browser in the address field.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, type RefObject } from "react";
import * as calls from "../../api/account_calls";
import { ApiError } from "../../api/client";
import type { Session } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { isAutofillPossible, PasskeyCancelled, PasskeyImpossible, readPasskey } from "./passkey";
import { sessionWords } from "./words";

type More = Parameters<typeof readPasskey>[1];

async function signInByPasskey(secondFactorToken: string | null, more: More = {}): Promise<Session> {
  const { token, options } = await calls.startPasskeySignIn(secondFactorToken);
  return calls.finishPasskeySignIn({ token, credential: await readPasskey(options, more) });
}

export function usePasskeyError(): (error: unknown) => string {
  const t = sessionWords.use();
  const describe = useErrorText();
  return (error) => {
    if (error instanceof PasskeyCancelled) return t("passkey_cancelled");
    if (error instanceof PasskeyImpossible) return t("passkey_impossible");
    if (error instanceof ApiError && [400, 401, 403, 404].includes(error.status)) return t("passkey_refused");
    return describe(error);
  };
}

/** `offer` is the browser's standing offer in the address field: it must end before the browser takes another question. */
export function usePasskey(secondFactorToken: string | null, onSession: (session: Session) => void, offer?: RefObject<AbortController | null>) {
  return useMutation({
    mutationFn: () => {
      offer?.current?.abort();
      return signInByPasskey(secondFactorToken);
    },
    onSuccess: onSession,
  });
}

export function usePasskeyOffer(isOffered: boolean, onSession: (session: Session) => void): RefObject<AbortController | null> {
  const controller = useRef<AbortController | null>(null);
  const latest = useRef(onSession);
  useEffect(() => {
    latest.current = onSession;
  });
  useEffect(() => {
    if (!isOffered) return;
    const current = new AbortController();
    controller.current = current;
    const run = async () => {
      if (!(await isAutofillPossible()) || current.signal.aborted) return;
      const session = await signInByPasskey(null, { mediation: "conditional", signal: current.signal });
      if (!current.signal.aborted) latest.current(session);
    };
    // An offer nobody asked for fails without a word; the button says what is wrong.
    run().catch(() => undefined);
    return () => current.abort();
  }, [isOffered]);
  return controller;
}
