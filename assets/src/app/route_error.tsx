// What a person sees when a view fails or does not exist: one cause, one next step.
import { Button } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { useSession } from "../api/session";
import { PaneError, PaneMessage } from "../components/pane_message";
import { forgetFailedViews } from "./lazy_view";
import styles from "./shell.module.css";
import { appWords } from "./words";

export function RouteError({ error }: ErrorComponentProps) {
  const t = appWords.use();
  const router = useRouter();
  const retry = () => {
    forgetFailedViews();
    void router.invalidate();
  };
  return (
    <Frame>
      {error instanceof ApiError ? (
        <PaneError title={t("unreachable_title")} error={error} isPage onRetry={retry} />
      ) : (
        <PaneMessage
          isPage
          title={t("error_title")}
          text={t("error_text")}
          action={
            <Button variant="default" onClick={() => window.location.reload()}>
              {t("reload")}
            </Button>
          }
        />
      )}
    </Frame>
  );
}

/** Inside the shell there is a main landmark already. */
function Frame({ children }: { children: ReactNode }) {
  const isSignedIn = useSession().status === "signed_in";
  return isSignedIn ? <div className={styles.full}>{children}</div> : <main className={styles.full}>{children}</main>;
}

export function NotFound() {
  const t = appWords.use();
  return (
    <main className={styles.full}>
      <PaneMessage
        isPage
        title={t("not_found_title")}
        text={t("not_found_text")}
        action={
          <Button variant="default" renderRoot={(props) => <Link to="/inbox" {...props} />}>
            {t("go_inbox")}
          </Button>
        }
      />
    </main>
  );
}
