// A one-time sign-in link: the token stands behind the #, so it is never sent in a request line or a referrer.
import { Button } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import * as calls from "../../api/calls";
import { ApiError } from "../../api/client";
import { acceptSession } from "../../api/session";
import { PaneError, PaneMessage } from "../../components/pane_message";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function SignInLinkView() {
  const t = sessionWords.use();
  const navigate = useNavigate();
  const token = useRef(window.location.hash.slice(1));
  const hasStarted = useRef(false);
  const [error, setError] = useState<unknown>(null);

  async function post(): Promise<void> {
    setError(null);
    try {
      acceptSession(await calls.signInByLink(decodeURIComponent(token.current)));
      void navigate({ to: "/inbox", replace: true });
    } catch (cause) {
      setError(cause);
    }
  }

  useEffect(() => {
    if (hasStarted.current) return;
    hasStarted.current = true;
    window.history.replaceState(window.history.state, "", "/sign-in/link");
    void post();
  });

  if (error === null) {
    return (
      <main className={styles.screen}>
        <PaneMessage isPage title={t("link_title")} />
      </main>
    );
  }
  const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 429;
  return (
    <main className={styles.screen}>
      {isRefused ? (
        <PaneMessage
          isPage
          title={t("link_invalid")}
          text={t("link_invalid_text")}
          action={
            <Button variant="default" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
              {t("link_to_sign_in")}
            </Button>
          }
        />
      ) : (
        <PaneError isPage title={t("link_invalid")} error={error} onRetry={() => void post()} />
      )}
    </main>
  );
}
