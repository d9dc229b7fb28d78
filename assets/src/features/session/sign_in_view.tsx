// Sign in with e-mail address and password.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import * as calls from "../../api/calls";
import { ApiError } from "../../api/client";
import { acceptSession } from "../../api/session";
import { useErrorText } from "../../components/error_text";
import icon from "../../theme/icon.svg";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function SignInView() {
  const t = sessionWords.use();
  const describe = useErrorText();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  const signIn = useMutation({
    mutationFn: calls.signIn,
    onSuccess: (session) => {
      acceptSession(session);
      void navigate({ href: next ?? "/inbox", replace: true });
    },
  });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    signIn.mutate({ email: String(fields.get("email") ?? "").trim(), password: String(fields.get("password") ?? "") });
  }

  const isWrong = signIn.error instanceof ApiError && [400, 401, 403].includes(signIn.error.status);
  return (
    <main className={styles.screen}>
      <form className={styles.form} onSubmit={handleSubmit}>
        <div className={styles.head}>
          <img src={icon} alt="Salesbrain" width={36} height={36} />
          <h1>{t("title")}</h1>
        </div>
        <TextInput name="email" type="email" label={t("email")} autoComplete="username" required withAsterisk={false} autoFocus />
        <PasswordInput name="password" label={t("password")} autoComplete="current-password" required withAsterisk={false} />
        {signIn.isError ? (
          <p role="alert" className={styles.error}>
            {isWrong ? t("wrong") : describe(signIn.error)}
          </p>
        ) : null}
        <Button type="submit" loading={signIn.isPending}>
          {t("sign_in")}
        </Button>
        <p className={styles.note}>{t("self_hosted")}</p>
      </form>
    </main>
  );
}
