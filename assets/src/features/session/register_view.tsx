// A new account: where registration is open, or with an invitation. The address is confirmed by mail before the account exists.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { invitationQuery, signInOptionsQuery } from "../../api/account_queries";
import type { InvitationShown, SignInOptions } from "../../api/account_types";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import { useLanguage } from "../../i18n/words";
import { useEnter } from "./enter";
import { isAbout, isEmail, isPasswordShort, readField, readPassword } from "./fields";
import { useHashToken } from "./hash_token";
import { forgetInvitation, keepInvitation, readInvitation } from "./kept";
import { MailScreen } from "./mail_screen";
import { FormError, LinkButton, MessageScreen, Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function RegisterView() {
  const t = sessionWords.use();
  const given = useHashToken();
  const token = given === "" ? readInvitation() : given;
  useEffect(() => {
    if (given !== "") keepInvitation(given);
  }, [given]);
  const options = useQuery(signInOptionsQuery());
  const invitation = useQuery({ ...invitationQuery(token), enabled: token !== "" });
  const [sentTo, setSentTo] = useState<string | null>(null);

  if (options.isError) {
    return (
      <main className={styles.screen}>
        <PaneError isPage title={t("load_error")} error={options.error} onRetry={() => void options.refetch()} />
      </main>
    );
  }
  if (options.isPending || (token !== "" && invitation.isPending)) return <main className={styles.screen} />;
  if (sentTo !== null) return <MailScreen email={sentTo} isHeld={!options.data.is_mail_configured} onAgain={() => setSentTo(null)} />;
  // An invitation that has ended must not keep anyone out where registration is open anyway.
  if (invitation.isError && options.data.registration !== "open") {
    return <MessageScreen title={t("invitation_invalid")} text={t("invitation_invalid_text")} action={<LinkButton to="/sign-in" label={t("back_to_sign_in")} />} />;
  }
  const isInvited = invitation.data !== undefined;
  if (options.data.registration === "closed" || (options.data.registration === "invitation" && !isInvited)) {
    const isClosed = options.data.registration === "closed";
    return (
      <MessageScreen
        title={isClosed ? t("register_closed") : t("register_by_invitation")}
        text={isClosed ? t("register_closed_text") : t("register_by_invitation_text")}
        action={<LinkButton to="/sign-in" label={t("back_to_sign_in")} />}
      />
    );
  }
  return <RegisterForm options={options.data} invitation={invitation.data ?? null} token={isInvited ? token : ""} onSent={setSentTo} />;
}

type FormProps = { options: SignInOptions; invitation: InvitationShown | null; token: string; onSent: (email: string) => void };
type Errors = Partial<Record<"name" | "email" | "password", string>>;

function RegisterForm({ invitation, token, onSent }: FormProps) {
  const t = sessionWords.use();
  const describe = useErrorText();
  const language = useLanguage();
  const enter = useEnter();
  const [errors, setErrors] = useState<Errors>({});
  const register = useMutation({
    mutationFn: calls.register,
    onSuccess: (answer, sent) => {
      if (!calls.isSession(answer)) return onSent(sent.email);
      forgetInvitation();
      enter(answer);
    },
  });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = readField(form, "name");
    const email = invitation?.email ?? readField(form, "email");
    const password = readPassword(form);
    const organization = readField(form, "organization");
    const found: Errors = {};
    if (name === "") found.name = t("required");
    if (!isEmail(email)) found.email = t("email_wrong");
    if (isPasswordShort(password)) found.password = t("password_short");
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    register.mutate({
      name,
      email,
      password,
      language,
      ...(organization === "" ? {} : { organization_name: organization }),
      ...(token === "" ? {} : { invitation_token: token }),
    });
  }

  const error = register.error;
  const under = (field: "name" | "email" | "password") => errors[field] ?? (isAbout(error, field) ? describe(error) : null);
  const isElsewhere = error !== null && !["name", "email", "password"].some((field) => isAbout(error, field));
  return (
    <Screen title={invitation ? t("invitation_title", { organization: invitation.organization_name }) : t("register_title")} text={invitation?.email ? null : t("register_text")}>
      <form className={styles.form} onSubmit={handleSubmit} noValidate>
        <TextInput name="name" label={t("name")} autoComplete="name" error={under("name")} autoFocus />
        <TextInput name="email" type="email" label={t("email")} autoComplete="username" {...(invitation?.email ? { value: invitation.email, readOnly: true } : {})} error={under("email")} />
        <PasswordInput name="password" label={t("password")} description={t("password_hint")} autoComplete="new-password" error={under("password")} />
        {token === "" ? <TextInput name="organization" label={t("organization")} description={t("organization_hint")} autoComplete="organization" /> : null}
        <FormError error={isElsewhere ? error : null} />
        <Button type="submit" loading={register.isPending}>
          {t("create_account")}
        </Button>
      </form>
      <p className={styles.links}>
        <span>{t("have_account")}</span>
        <Link to="/sign-in" search={token === "" ? {} : { next: "/invitation" }}>
          {t("sign_in")}
        </Link>
      </p>
    </Screen>
  );
}
