// A new password; the old one proves who asks.
import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { readProof } from "../../components/proof";
import { isAbout, isPasswordShort, readPassword } from "../session/fields";
import { FormError, Part } from "./part";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function PasswordPart() {
  const t = securityWords.use();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const change = useMutation({
    mutationFn: calls.changePassword,
    onSuccess: () => {
      setOpen(false);
      void client.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const open = () => {
    change.reset();
    setOpen(true);
  };
  return (
    <Part title={t("password")} text={t("password_text")} action={isOpen ? null : <ActionButton look="outlined" label={t("password_change")} hasText onClick={open} />}>
      {isOpen ? (
        <PasswordForm error={change.error} isPending={change.isPending} onSend={change.mutate} onCancel={() => setOpen(false)} />
      ) : change.isSuccess ? (
        <p role="status" className={styles.good}>
          {t("password_done")}
        </p>
      ) : null}
    </Part>
  );
}

type FormProps = { error: unknown; isPending: boolean; onSend: (body: { current_password?: string; code?: string; password: string }) => void; onCancel: () => void };

function PasswordForm({ error, isPending, onSend, onCancel }: FormProps) {
  const t = securityWords.use();
  const describe = useErrorText();
  const { account } = useMe();
  const [short, setShort] = useState<string | null>(null);
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { password: current, code } = readProof(readPassword(form, "current"));
    const password = readPassword(form, "password");
    setShort(isPasswordShort(password) ? t("password_short") : null);
    if (!isPasswordShort(password)) onSend({ ...(current === undefined ? {} : { current_password: current }), ...(code === undefined ? {} : { code }), password });
  }
  const isCurrentWrong = isAbout(error, "current_password") || isAbout(error, "code");
  const isNewWrong = isAbout(error, "password");
  return (
    <form className={styles.form} onSubmit={handleSubmit} noValidate>
      {/* For password managers, which otherwise keep the new password for nobody. */}
      <input type="text" name="username" autoComplete="username" value={account.email} readOnly hidden />
      <PasswordInput
        name="current"
        label={t("password_current")}
        description={t("password_current_hint")}
        autoComplete="current-password"
        error={isCurrentWrong ? t("password_wrong") : null}
        autoFocus
      />
      <PasswordInput name="password" label={t("password_new")} description={t("password_hint")} autoComplete="new-password" error={short ?? (isNewWrong ? describe(error) : null)} />
      <FormError error={isCurrentWrong || isNewWrong ? null : error} />
      <div className={styles.buttons}>
        <Button type="submit" loading={isPending}>
          {t("password_change")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}
