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
  if (more.signal?.aborted) throw new PasskeyCancelled();
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

/** The browser's standing offer in the address field; it has ended before the browser, which takes one at a time, is asked anything else. */
export type Offer = { end: () => Promise<void> };

export function usePasskey(secondFactorToken: string | null, onSession: (session: Session) => void, offer?: RefObject<Offer | null>) {
  return useMutation({
    mutationFn: async () => {
      await offer?.current?.end();
      return signInByPasskey(secondFactorToken);
    },
    onSuccess: onSession,
  });
}

export function usePasskeyOffer(isOffered: boolean, onSession: (session: Session) => void): RefObject<Offer | null> {
  const offer = useRef<Offer | null>(null);
  const latest = useRef(onSession);
  useEffect(() => {
    latest.current = onSession;
  });
  useEffect(() => {
    if (!isOffered) return;
    const controller = new AbortController();
    const { signal } = controller;
    const run = async () => {
      if (!(await isAutofillPossible()) || signal.aborted) return;
      const session = await signInByPasskey(null, { mediation: "conditional", signal });
      if (!signal.aborted) latest.current(session);
    };
    // An offer nobody asked for fails without a word; the button says what is wrong.
    const ended = run().catch(() => undefined);
    const end = () => {
      controller.abort();
      return ended;
    };
    offer.current = { end };
    return () => void end();
  }, [isOffered]);
  return offer;
}
