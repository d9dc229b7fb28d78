// Services people can sign in with: Google and Telegram prepared, any other that speaks OpenID Connect by its address.
import { Button, Menu, PasswordInput, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ApiError } from "../../api/client";
import * as calls from "../../api/organization_calls";
import { providersQuery } from "../../api/organization_queries";
import type { Provider, ProviderChange } from "../../api/organization_types";
import { ActionButton } from "../../components/action_button";
import { CopyField } from "../../components/copy_field";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import { Question } from "../../components/question";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import own from "../organization/organization.module.css";
import { adminWords } from "./words";

type Preset = "google" | "telegram" | "oidc";
const EMPTY = { issuer: "", client_id: "", bot_name: "", has_secret: false, callback_url: "" };
const PRESETS: Record<Preset, Provider> = {
  google: { ...EMPTY, id: "google", kind: "oidc", name: "Google", issuer: "https://accounts.google.com" },
  telegram: { ...EMPTY, id: "telegram", kind: "telegram_widget", name: "Telegram" },
  oidc: { ...EMPTY, id: "", kind: "oidc", name: "" },
};

function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ["providers"] });
    void client.invalidateQueries({ queryKey: ["sign-in-options"] });
  };
}

export function ProvidersPart() {
  const t = adminWords.use();
  const query = useQuery(providersQuery());
  const [form, setForm] = useState<{ provider: Provider; isNew: boolean } | null>(null);
  const providers = query.data ?? [];
  const presets = (Object.keys(PRESETS) as Preset[]).filter((name) => name === "oidc" || !providers.some((provider) => provider.id === PRESETS[name].id));
  return (
    <section>
      <SectionHead
        title={t("providers")}
        text={t("providers_text")}
        action={
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <Button variant="default" leftSection={<IconPlus size={18} stroke={1.5} aria-hidden />}>
                {t("provider_add")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {presets.map((name) => (
                <Menu.Item key={name} onClick={() => setForm({ provider: PRESETS[name], isNew: true })}>
                  {t(`provider_${name}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        }
      />
      {form?.isNew ? <ProviderForm key={form.provider.id} provider={form.provider} isNew onClose={() => setForm(null)} /> : null}
      {query.isError && !query.data ? <PaneError title={t("providers_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && providers.length === 0 && form === null ? <p className={styles.none}>{t("providers_empty")}</p> : null}
      {providers.length > 0 ? (
        <ul className={own.cards}>
          {providers.map((provider) => (
            <ProviderItem key={provider.id} provider={provider} isOpen={form !== null && !form.isNew && form.provider.id === provider.id} onOpen={(isOpen) => setForm(isOpen ? { provider, isNew: false } : null)} />
          ))}
        </ul>
      ) : null}
    </section>
  );
}

function ProviderItem({ provider, isOpen, onOpen }: { provider: Provider; isOpen: boolean; onOpen: (isOpen: boolean) => void }) {
  const t = adminWords.use();
  const refresh = useRefresh();
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation({ mutationFn: () => calls.deleteProvider(provider.id), onSuccess: refresh });
  return (
    <li className={own.card}>
      <div className={own.cardHead}>
        <div>
          <h3>{provider.name}</h3>
          <p className={styles.soft}>{provider.kind === "oidc" ? provider.issuer : `@${provider.bot_name}`}</p>
        </div>
        <div className={styles.buttons}>
          <ActionButton size="small" label={t("change")} hasText onClick={() => onOpen(true)} />
          <ActionButton size="small" label={t("provider_remove")} hasText isDanger onClick={() => setAsked(true)} />
        </div>
      </div>
      {isAsked ? (
        <Question
          text={t("provider_remove_ask", { name: provider.name })}
          action={t("provider_remove")}
          isPending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onCancel={() => setAsked(false)}
        />
      ) : null}
      {isOpen ? <ProviderForm provider={provider} isNew={false} onClose={() => onOpen(false)} /> : null}
    </li>
  );
}

type FormProps = { provider: Provider; isNew: boolean; onClose: () => void };

function ProviderForm({ provider, isNew, onClose }: FormProps) {
  const t = adminWords.use();
  const describe = useErrorText();
  const refresh = useRefresh();
  const save = useMutation({
    mutationFn: (change: ProviderChange) => calls.updateProvider(id, change),
    onSuccess: async () => {
      onClose();
      await refresh();
    },
  });
  const [id, setId] = useState(provider.id);
  const [missing, setMissing] = useState<readonly string[]>([]);
  const isTelegram = provider.kind === "telegram_widget";
  const isFree = isNew && provider.id === "";
  const required = isTelegram ? ["name", "bot_name", ...(provider.has_secret ? [] : ["bot_token"])] : ["name", "issuer", "client_id", ...(isFree ? ["id"] : []), ...(provider.has_secret ? [] : ["client_secret"])];

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const read = (name: string) => String(fields.get(name) ?? "").trim();
    const lacking = required.filter((name) => read(name) === "" && !(name === "id" && id !== ""));
    setMissing(lacking);
    if (lacking.length > 0) return;
    const secret = (name: "client_secret" | "bot_token") => (read(name) === "" ? {} : { [name]: read(name) });
    save.mutate({
      kind: provider.kind,
      name: read("name"),
      issuer: read("issuer"),
      client_id: read("client_id"),
      bot_name: read("bot_name").replace(/^@/, ""),
      ...secret("client_secret"),
      ...secret("bot_token"),
    });
  }

  const refusedField = save.error instanceof ApiError ? save.error.field : null;
  const problem = (name: string) => (missing.includes(name) ? t("required") : refusedField?.endsWith(name) ? describe(save.error) : null);
  const kept = provider.has_secret ? t("secret_kept") : undefined;
  return (
    <form className={styles.panel} onSubmit={handleSubmit} noValidate aria-label={isNew ? t("provider_add") : provider.name}>
      <p className={styles.soft}>{isTelegram ? t("provider_telegram_text") : provider.id === "google" ? t("provider_google_text") : t("provider_oidc_text")}</p>
      {isTelegram || id === "" ? null : <CopyField label={t("provider_callback")} value={provider.callback_url || `${window.location.origin}/sign-in/callback/${id}`} note={t("provider_callback_note")} />}
      <div className={styles.row} style={{ alignItems: "flex-start" }}>
        <TextInput name="name" label={t("provider_name")} description={t("provider_name_hint")} defaultValue={provider.name} error={problem("name")} className={styles.grow} autoComplete="off" autoFocus />
        {isFree ? (
          <TextInput
            label={t("provider_id")}
            description={t("provider_id_hint")}
            value={id}
            onChange={(event) => setId(event.target.value.toLowerCase().replace(/[^a-z0-9-]/g, ""))}
            error={problem("id")}
            className={styles.grow}
            autoComplete="off"
          />
        ) : null}
      </div>
      {isTelegram ? (
        <div className={styles.row} style={{ alignItems: "flex-start" }}>
          <TextInput name="bot_name" label={t("provider_bot_name")} defaultValue={provider.bot_name ?? ""} error={problem("bot_name")} className={styles.grow} autoComplete="off" />
          <PasswordInput name="bot_token" label={t("provider_bot_token")} placeholder={kept} error={problem("bot_token")} className={styles.grow} autoComplete="new-password" />
        </div>
      ) : (
        <>
          <TextInput name="issuer" label={t("provider_issuer")} placeholder="https://id.example.com" defaultValue={provider.issuer ?? ""} error={problem("issuer")} autoComplete="off" readOnly={provider.id === "google"} />
          <div className={styles.row} style={{ alignItems: "flex-start" }}>
            <TextInput name="client_id" label={t("provider_client_id")} defaultValue={provider.client_id ?? ""} error={problem("client_id")} className={styles.grow} autoComplete="off" />
            <PasswordInput name="client_secret" label={t("provider_client_secret")} placeholder={kept} error={problem("client_secret")} className={styles.grow} autoComplete="new-password" />
          </div>
        </>
      )}
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
