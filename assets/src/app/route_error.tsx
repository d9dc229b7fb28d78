// What a person sees when a view fails or does not exist: one cause, one next step.
import { Button } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { PaneError, PaneMessage } from "../components/pane_message";
import styles from "./shell.module.css";
import { appWords } from "./words";

export function RouteError({ error }: ErrorComponentProps) {
  const t = appWords.use();
  const router = useRouter();
  return (
    <main className={styles.full}>
      {error instanceof ApiError ? (
        <PaneError title={t("unreachable_title")} error={error} isPage onRetry={() => void router.invalidate()} />
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
    </main>
  );
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
