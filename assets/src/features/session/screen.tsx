// The frame of every page before the signed-in interface: one column in the middle, mark and heading on top.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useErrorText } from "../../components/error_text";
import icon from "../../theme/icon.svg";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function Screen({ title, text, children }: { title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <main className={styles.screen}>
      <div className={styles.form}>
        <div className={styles.head}>
          <img src={icon} alt="Salesbrain" width={36} height={36} />
          <h1>{title}</h1>
          {text ? <p className={styles.soft}>{text}</p> : null}
        </div>
        {children}
      </div>
    </main>
  );
}

/** A page that only says something, such as a link that has been used. */
export function MessageScreen({ title, text, action }: { title: string; text?: ReactNode; action?: ReactNode }) {
  return (
    <Screen title={title} text={text}>
      {action ? <div>{action}</div> : null}
    </Screen>
  );
}

export function LinkButton({ to, label }: { to: "/sign-in" | "/forgot-password" | "/inbox" | "/register"; label: string }) {
  return (
    <Button variant="default" renderRoot={(props) => <Link to={to} {...props} />}>
      {label}
    </Button>
  );
}

export function BackToSignIn() {
  const t = sessionWords.use();
  return (
    <p className={styles.links}>
      <Link to="/sign-in">{t("back_to_sign_in")}</Link>
    </p>
  );
}

/** Why a form was refused, read out at once. */
export function FormError({ error, text }: { error: unknown; text?: string | null }) {
  const describe = useErrorText();
  if (error === null || error === undefined) return null;
  return (
    <p role="alert" className={styles.error}>
      {text ?? describe(error)}
    </p>
  );
}
