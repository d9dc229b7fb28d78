// The mail server, with a test mail whose failure is told in the server's own words.
import { Button, PasswordInput, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/organization_calls";
import type { SmtpSecurity, SmtpSettings } from "../../api/organization_types";
import { ApiError } from "../../api/client";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { Question } from "../../components/question";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { useSettingsChange } from "./settings_change";
import { adminWords } from "./words";

const SECURITIES = ["starttls", "tls", "none"] as const;
const PORTS: Record<SmtpSecurity, string> = { starttls: "587", tls: "465", none: "25" };

export function MailServerPart({ smtp }: { smtp: SmtpSettings | null }) {
  const t = adminWords.use();
  const [isOpen, setOpen] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const remove = useSettingsChange();
  return (
    <section>
      <SectionHead
        title={t("smtp")}
        text={smtp ? t("smtp_text", { host: smtp.host, from: smtp.from }) : t("smtp_none_text")}
        action={
          isOpen ? null : (
            <div className={styles.buttons}>
              <ActionButton look="outlined" label={smtp ? t("change") : t("smtp_set_up")} hasText onClick={() => setOpen(true)} />
              {smtp ? <ActionButton look="outlined" label={t("smtp_remove")} hasText isDanger onClick={() => setAsked(true)} /> : null}
            </div>
          )
        }
      />
      {isAsked ? (
        <Question
          text={t("smtp_remove_ask")}
          action={t("smtp_remove")}
          isPending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ smtp: null }, { onSuccess: () => setAsked(false) })}
          onCancel={() => setAsked(false)}
        />
      ) : null}
      {isOpen ? <MailServerForm smtp={smtp} onClose={() => setOpen(false)} /> : null}
      {smtp && !isOpen ? <TestMail /> : null}
    </section>
  );
}

function MailServerForm({ smtp, onClose }: { smtp: SmtpSettings | null; onClose: () => void }) {
  const t = adminWords.use();
  const describe = useErrorText();
  const save = useSettingsChange();
  const [security, setSecurity] = useState<SmtpSecurity>(smtp?.security ?? "starttls");
  const [port, setPort] = useState(String(smtp?.port ?? PORTS.starttls));
  const [missing, setMissing] = useState<readonly string[]>([]);

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const read = (name: string) => String(fields.get(name) ?? "").trim();
    const password = String(fields.get("password") ?? "");
    const lacking = [...["host", "from"].filter((name) => read(name) === ""), ...(/^\d{1,5}$/.test(port) ? [] : ["port"])];
    setMissing(lacking);
    if (lacking.length > 0) return;
    save.mutate(
      { smtp: { host: read("host"), port: Number(port), user: read("user"), security, from: read("from"), ...(password === "" ? {} : { password }) } },
      { onSuccess: onClose },
    );
  }

  const refusedField = save.error instanceof ApiError ? save.error.field : null;
  const problem = (name: string) => (missing.includes(name) ? t("required") : refusedField?.endsWith(name) ? describe(save.error) : null);
  return (
    <form className={styles.panel} onSubmit={handleSubmit} noValidate aria-label={t("smtp")}>
      <div className={styles.row} style={{ alignItems: "flex-start" }}>
        <TextInput name="host" label={t("smtp_host")} placeholder="smtp.example.com" defaultValue={smtp?.host ?? ""} error={problem("host")} className={styles.grow} autoComplete="off" autoFocus />
        <Select
          label={t("smtp_security")}
          w={210}
          value={security}
          onChange={(value) => {
            const next = (value ?? "starttls") as SmtpSecurity;
            if (Object.values(PORTS).includes(port)) setPort(PORTS[next]);
            setSecurity(next);
          }}
          data={SECURITIES.map((name) => ({ value: name, label: t(`smtp_security_${name}`) }))}
        />
        <TextInput label={t("smtp_port")} inputMode="numeric" w={90} value={port} onChange={(event) => setPort(event.target.value)} error={problem("port")} />
      </div>
      {security === "none" ? <p className={styles.notice}>{t("smtp_none_warning")}</p> : null}
      <div className={styles.row} style={{ alignItems: "flex-start" }}>
        <TextInput name="user" label={t("smtp_user")} defaultValue={smtp?.user ?? ""} error={problem("user")} className={styles.grow} autoComplete="off" />
        <PasswordInput
          name="password"
          label={t("smtp_password")}
          placeholder={smtp?.has_password ? t("secret_kept") : undefined}
          error={problem("password")}
          className={styles.grow}
          autoComplete="new-password"
        />
      </div>
      <TextInput name="from" label={t("smtp_from")} description={t("smtp_from_hint")} placeholder="Salesbrain <salesbrain@example.com>" defaultValue={smtp?.from ?? ""} error={problem("from")} autoComplete="off" />
      {save.isError && refusedField === null ? (
        <p role="alert" className={styles.error}>
          {describe(save.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" loading={save.isPending}>
          {t("save")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function TestMail() {
  const t = adminWords.use();
  const describe = useErrorText();
  const { account } = useMe();
  const [address, setAddress] = useState(account.email);
  const send = useMutation({ mutationFn: () => calls.sendTestMail(address.trim()) });
  function handleSubmit(event: FormEvent): void {
    event.preventDefault();
    send.mutate();
  }
  return (
    <form className={styles.row} onSubmit={handleSubmit} aria-label={t("test_mail")}>
      <TextInput type="email" label={t("test_mail_to")} value={address} onChange={(event) => setAddress(event.target.value)} className={styles.grow} />
      <Button type="submit" variant="default" loading={send.isPending}>
        {t("test_mail")}
      </Button>
      <p role="status" className={send.isError ? styles.error : styles.soft} style={{ flexBasis: "100%" }}>
        {send.isError ? describe(send.error) : send.isSuccess ? t("test_mail_sent", { address: address.trim() }) : ""}
      </p>
    </form>
  );
}
