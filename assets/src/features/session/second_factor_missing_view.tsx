// The organization asks for a second factor that the account lacks: why everything else is closed, and the way on.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMe } from "../../api/session";
import { useSignOut } from "../../app/account_menu";
import { Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function SecondFactorMissingView() {
  const t = sessionWords.use();
  const { organization } = useMe();
  const signOut = useSignOut();
  return (
    <Screen title={t("missing_title")} text={t("missing_text", { organization: organization?.name ?? "" })}>
      <Button renderRoot={(props) => <Link to="/settings/$section" params={{ section: "security" }} {...props} />}>{t("missing_action")}</Button>
      <p className={styles.links}>
        <button type="button" className={styles.link} onClick={() => void signOut()}>
          {t("sign_out")}
        </button>
      </p>
    </Screen>
  );
}
