// A mail is on its way, or would be: the same words whether or not the address has an account.
import { useEffect, useRef } from "react";
import { BackToSignIn, Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function MailScreen({ email, isHeld, onAgain }: { email: string; isHeld: boolean; onAgain: () => void }) {
  const t = sessionWords.use();
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => region.current?.focus(), []);
  return (
    <Screen title={t("mail_title")}>
      <div ref={region} tabIndex={-1} className={styles.ways} role="status">
        <p>{t("mail_text", { email })}</p>
        <p className={styles.soft}>{isHeld ? t("mail_held") : t("mail_late")}</p>
      </div>
      <button type="button" className={styles.link} onClick={onAgain}>
        {t("mail_again")}
      </button>
      <BackToSignIn />
    </Screen>
  );
}
