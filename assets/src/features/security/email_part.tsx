// Another address to sign in with; it counts once its owner has opened the link sent to it.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { signInOptionsQuery } from "../../api/account_queries";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { readProof } from "../../components/proof";
import { isProofRefused } from "../../components/proof_field";
import { isAbout, isEmail, readField, readPassword } from "../session/fields";
import { FormError, Part } from "./part";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function EmailPart() {
  const t = securityWords.use();
  const { account } = useMe();
  const [isOpen, setOpen] = useState(false);
  const options = useQuery(signInOptionsQuery());
  const change = useMutation({ mutationFn: calls.changeEmail, onSuccess: () => setOpen(false) });
  const open = () => {
    change.reset();
    setOpen(true);
  };
  return (
    <Part title={t("email")} text={t("email_text", { email: account.email })} action={isOpen ? null : <ActionButton look="outlined" label={t("email_change")} hasText onClick={open} />}>
      {isOpen ? (
        <EmailForm error={change.error} isPending={change.isPending} onSend={change.mutate} onCancel={() => setOpen(false)} />
      ) : change.isSuccess ? (
        <p role="status" className={styles.good}>
          {t(options.data?.is_mail_configured === false ? "address_link_held" : "address_link_sent", { email: change.variables.email })}
        </p>
      ) : null}
    </Part>
  );
}

type FormProps = { error: unknown; isPending: boolean; onSend: (body: { email: string; password?: string; code?: string }) => void; onCancel: () => void };

function EmailForm({ error, isPending, onSend, onCancel }: FormProps) {
  const t = securityWords.use();
  const describe = useErrorText();
  const [wrong, setWrong] = useState<string | null>(null);
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = readField(form, "email");
    const proof = readProof(readPassword(form));
    setWrong(isEmail(email) ? null : t("email_wrong"));
    if (isEmail(email)) onSend({ email, ...proof });
  }
  return (
    <form className={styles.form} onSubmit={handleSubmit} noValidate>
      <TextInput name="email" type="email" label={t("email_new")} description={t("email_new_hint")} autoComplete="email" error={wrong ?? (isAbout(error, "email") ? describe(error) : null)} autoFocus />
      <PasswordInput name="password" label={t("email_password")} description={t("password_current_hint")} autoComplete="current-password" error={isProofRefused(error) ? t("password_wrong") : null} />
      <FormError error={isAbout(error, "email") || isProofRefused(error) ? null : error} />
      <div className={styles.buttons}>
        <Button type="submit" loading={isPending}>
          {t("email_send")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}
