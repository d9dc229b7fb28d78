// The first start in three steps: account, organization, connection. Nothing is created before step two is sent.
import { Button, PasswordInput, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type FormEvent } from "react";
import * as calls from "../../api/calls";
import { ApiError } from "../../api/client";
import { acceptSession, useSession } from "../../api/session";
import type { Language } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { changeLanguage, useLanguage } from "../../i18n/words";
import icon from "../../theme/icon.svg";
import styles from "./setup.module.css";
import { WebhookValues } from "./webhook_values";
import { setupWords } from "./words";

const SHORTEST_PASSWORD = 10;
type AccountFields = { name: string; email: string; password: string; setup_code: string };
type Step = 1 | 2 | 3;

export function SetupView() {
  const t = setupWords.use();
  const session = useSession();
  const setup = useQuery({ queryKey: ["setup"], queryFn: calls.findSetup, staleTime: Infinity, gcTime: 0 });
  const [step, setStep] = useState<Step>(1);
  const [account, setAccount] = useState<AccountFields>({ name: "", email: "", password: "", setup_code: "" });

  if (setup.isError) {
    return (
      <main className={styles.screen}>
        <PaneError isPage title={t("load_error")} error={setup.error} onRetry={() => void setup.refetch()} />
      </main>
    );
  }
  if (setup.isPending) return <main className={styles.screen} />;
  if (!setup.data.is_needed && step !== 3) {
    return (
      <main className={styles.screen}>
        <PaneMessage
          isPage
          title={t("already")}
          text={session.status === "signed_in" ? undefined : t("already_text")}
          action={
            <Button variant="default" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
              {t("already_action")}
            </Button>
          }
        />
      </main>
    );
  }
  const names = [t("step_account"), t("step_organization"), t("step_connect")];
  return (
    <main className={styles.screen}>
      <div className={styles.column}>
        <div className={styles.head}>
          <img src={icon} alt="" width={36} height={36} />
          <h1>{t("title")}</h1>
        </div>
        <ol className={styles.steps}>
          {names.map((name, index) => (
            <li key={name} data-state={index + 1 < step ? "done" : index + 1 === step ? "current" : "ahead"} aria-current={index + 1 === step ? "step" : undefined}>
              <span className="visually-hidden">{t("step_of", { step: index + 1 })}: </span>
              {name}
            </li>
          ))}
        </ol>
        {step === 1 ? (
          <AccountStep
            isCodeNeeded={setup.data.is_code_needed}
            fields={account}
            onDone={(fields) => {
              setAccount(fields);
              setStep(2);
            }}
          />
        ) : null}
        {step === 2 ? <OrganizationStep account={account} onBack={() => setStep(1)} onDone={() => setStep(3)} /> : null}
        {step === 3 ? <ConnectStep /> : null}
      </div>
    </main>
  );
}

function readField(form: FormData, name: string): string {
  return String(form.get(name) ?? "").trim();
}

function AccountStep({ isCodeNeeded, fields, onDone }: { isCodeNeeded: boolean; fields: AccountFields; onDone: (fields: AccountFields) => void }) {
  const t = setupWords.use();
  const language = useLanguage();
  const [errors, setErrors] = useState<Partial<Record<keyof AccountFields, string>>>({});

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = { name: readField(form, "name"), email: readField(form, "email"), password: String(form.get("password") ?? ""), setup_code: readField(form, "setup_code") };
    const found: typeof errors = {};
    if (next.name === "") found.name = t("required");
    if (!/^[^\s@]+@[^\s@]+$/.test(next.email)) found.email = t("email_wrong");
    if ([...next.password].length < SHORTEST_PASSWORD) found.password = t("password_short");
    if (isCodeNeeded && next.setup_code === "") found.setup_code = t("required");
    setErrors(found);
    if (Object.keys(found).length === 0) onDone(next);
  }

  return (
    <form className={styles.form} onSubmit={handleSubmit} noValidate>
      <p className={styles.text}>{t("account_text")}</p>
      <Select
        label={t("language")}
        value={language}
        onChange={(value) => changeLanguage(value === "de" ? "de" : "en")}
        data={[
          { value: "de", label: "Deutsch" },
          { value: "en", label: "English" },
        ]}
      />
      <TextInput name="name" label={t("name")} autoComplete="name" defaultValue={fields.name} error={errors.name} autoFocus />
      <TextInput name="email" type="email" label={t("email")} autoComplete="username" defaultValue={fields.email} error={errors.email} />
      <PasswordInput name="password" label={t("password")} description={t("password_hint")} autoComplete="new-password" defaultValue={fields.password} error={errors.password} />
      {isCodeNeeded ? (
        <TextInput name="setup_code" label={t("setup_code")} description={t("setup_code_hint")} autoComplete="off" defaultValue={fields.setup_code} error={errors.setup_code} />
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit">{t("next")}</Button>
      </div>
    </form>
  );
}

function OrganizationStep({ account, onBack, onDone }: { account: AccountFields; onBack: () => void; onDone: () => void }) {
  const t = setupWords.use();
  const describe = useErrorText();
  const language: Language = useLanguage();
  const [error, setError] = useState<string | null>(null);
  const create = useMutation({
    mutationFn: calls.createSetup,
    onSuccess: (session) => {
      // The step changes first: the view must not mistake the finished setup for a second visit.
      onDone();
      acceptSession(session);
    },
  });

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const organizationName = readField(new FormData(event.currentTarget), "organization");
    setError(organizationName === "" ? t("required") : null);
    if (organizationName === "") return;
    create.mutate({
      email: account.email,
      password: account.password,
      name: account.name,
      organization_name: organizationName,
      language,
      ...(account.setup_code === "" ? {} : { setup_code: account.setup_code }),
    });
  }

  return (
    <form className={styles.form} onSubmit={handleSubmit} noValidate>
      <p className={styles.text}>{t("organization_text")}</p>
      <TextInput name="organization" label={t("organization")} autoComplete="organization" error={error} autoFocus />
      {create.isError ? (
        <p role="alert" className={styles.error}>
          {create.error instanceof ApiError && create.error.code === "forbidden" ? t("setup_code_wrong") : describe(create.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" loading={create.isPending}>
          {t("create")}
        </Button>
        <Button variant="default" onClick={onBack}>
          {t("back")}
        </Button>
      </div>
    </form>
  );
}

function ConnectStep() {
  const t = setupWords.use();
  const navigate = useNavigate();
  const create = useMutation({ mutationFn: () => calls.createConnection("Instantly") });
  const { mutate, isIdle } = create;
  useEffect(() => {
    if (isIdle) mutate();
  }, [isIdle, mutate]);
  return (
    <div className={styles.form}>
      <p className={styles.text}>{t("connect_text")}</p>
      {create.isError ? <PaneError title={t("connect_error")} error={create.error} onRetry={() => create.mutate()} /> : null}
      {create.data ? <WebhookValues connection={create.data} /> : null}
      <div className={styles.buttons}>
        <Button onClick={() => void navigate({ to: "/inbox", replace: true })}>{t("finish")}</Button>
        <span className={styles.text}>{t("finish_note")}</span>
      </div>
    </div>
  );
}
