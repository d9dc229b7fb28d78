// A forgotten password: asking for the link, and choosing a new one with it.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { signInOptionsQuery } from "../../api/account_queries";
import { ApiError } from "../../api/client";
import { useErrorText } from "../../components/error_text";
import { isAbout, isEmail, isPasswordShort, readField, readPassword } from "./fields";
import { useHashToken } from "./hash_token";
import { MailScreen } from "./mail_screen";
import { BackToSignIn, FormError, LinkButton, MessageScreen, Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function ForgotPasswordView() {
  const t = sessionWords.use();
  const options = useQuery(signInOptionsQuery());
  const [wrong, setWrong] = useState<string | null>(null);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const ask = useMutation({ mutationFn: calls.forgotPassword, onSuccess: (_answer, email) => setSentTo(email) });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const email = readField(new FormData(event.currentTarget), "email");
    setWrong(isEmail(email) ? null : t("email_wrong"));
    if (isEmail(email)) ask.mutate(email);
  }

  if (sentTo !== null) return <MailScreen email={sentTo} isHeld={options.data?.is_mail_configured === false} onAgain={() => setSentTo(null)} />;
  return (
    <Screen title={t("forgot_title")} text={t("forgot_text")}>
      <form className={styles.form} onSubmit={handleSubmit} noValidate>
        <TextInput name="email" type="email" label={t("email")} autoComplete="username" error={wrong} autoFocus />
        <FormError error={ask.error} />
        <Button type="submit" loading={ask.isPending}>
          {t("forgot_send")}
        </Button>
      </form>
      <BackToSignIn />
    </Screen>
  );
}

export function ResetPasswordView() {
  const t = sessionWords.use();
  const describe = useErrorText();
  const token = useHashToken();
  const [short, setShort] = useState<string | null>(null);
  const reset = useMutation({ mutationFn: calls.resetPassword });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const password = readPassword(new FormData(event.currentTarget));
    setShort(isPasswordShort(password) ? t("password_short") : null);
    if (!isPasswordShort(password)) reset.mutate({ token, password });
  }

  const isAboutPassword = isAbout(reset.error, "password");
  const isRefused = reset.error instanceof ApiError && reset.error.status >= 400 && reset.error.status < 429 && !isAboutPassword;
  if (token === "" || isRefused) {
    return <MessageScreen title={t("reset_invalid")} text={t("reset_invalid_text")} action={<LinkButton to="/forgot-password" label={t("reset_again")} />} />;
  }
  if (reset.isSuccess) return <MessageScreen title={t("reset_done")} text={t("reset_done_text")} action={<LinkButton to="/sign-in" label={t("link_to_sign_in")} />} />;
  return (
    <Screen title={t("reset_title")} text={t("reset_text")}>
      <form className={styles.form} onSubmit={handleSubmit} noValidate>
        <PasswordInput
          name="password"
          label={t("new_password")}
          description={t("password_hint")}
          autoComplete="new-password"
          error={short ?? (isAboutPassword ? describe(reset.error) : null)}
          autoFocus
        />
        <FormError error={isAboutPassword ? null : reset.error} />
        <Button type="submit" loading={reset.isPending}>
          {t("reset_save")}
        </Button>
      </form>
      <BackToSignIn />
    </Screen>
  );
}
