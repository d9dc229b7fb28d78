// The account's own settings: saved on change, except the name, which has its button.
import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/calls";
import { acceptMe, useMe } from "../../api/session";
import type { Account, Language } from "../../api/types";
import { useErrorText } from "../../components/error_text";
import { runCommand } from "../../keyboard/commands";
import { setShortcutsOn, useShortcutsOn } from "../../keyboard/switch";
import { AvatarPart } from "../profile/avatar_part";
import { ShortcutsPart } from "../profile/shortcuts_part";
import styles from "../../components/section.module.css";
import { settingsWords } from "./words";

function listTimeZones(current: string): string[] {
  const zones = Intl.supportedValuesOf("timeZone");
  return zones.includes(current) ? zones : [current, ...zones];
}

export function ProfileSection() {
  const t = settingsWords.use();
  const describe = useErrorText();
  const { account, organization } = useMe();
  const areShortcutsOn = useShortcutsOn();
  const [zones] = useState(() => listTimeZones(account.time_zone));
  const save = useMutation({ mutationFn: calls.updateMe, onSuccess: acceptMe });
  const change = (values: Parameters<typeof calls.updateMe>[0]) => save.mutate(values);

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "") change({ name });
  }

  return (
    <div className={styles.narrow}>
      <h2>{t("profile")}</h2>
      <form onSubmit={handleSubmit} className={styles.form} style={{ padding: 0 }}>
        <TextInput name="name" label={t("name")} defaultValue={account.name} autoComplete="name" required withAsterisk={false} style={{ flex: 1 }} />
        <Button type="submit" variant="default">
          {t("save")}
        </Button>
      </form>
      <p className={styles.soft}>{[account.email, organization?.role_name ?? (organization?.role && organization.role !== "custom" ? t(`role_${organization.role}`) : null)].filter(Boolean).join(" · ")}</p>
      <AvatarPart />
      <Select
        label={t("language")}
        value={account.language}
        onChange={(value) => change({ language: value as Language })}
        data={[
          { value: "de", label: "Deutsch" },
          { value: "en", label: "English" },
        ]}
      />
      <Select
        label={t("theme")}
        value={account.theme}
        onChange={(value) => change({ theme: value as Account["theme"] })}
        data={(["auto", "light", "dark"] as const).map((theme) => ({ value: theme, label: t(`theme_${theme}`) }))}
      />
      <Select label={t("time_zone")} searchable limit={60} value={account.time_zone} onChange={(value) => value && change({ time_zone: value })} data={zones} />
      <p role="status" className={save.isError ? styles.error : styles.soft}>
        {save.isError ? describe(save.error) : save.isSuccess ? t("saved") : ""}
      </p>
      <div className={styles.setting}>
        <div>
          <h3 id="shortcuts-name">{t("shortcuts")}</h3>
          <p className={styles.soft}>{t("shortcuts_hint")}</p>
        </div>
        <Switch aria-labelledby="shortcuts-name" checked={areShortcutsOn} onChange={(event) => setShortcutsOn(event.currentTarget.checked)} />
      </div>
      <div className={styles.buttons}>
        <Button variant="default" onClick={() => runCommand("help")}>
          {t("shortcuts_show")}
        </Button>
      </div>
      <ShortcutsPart />
    </div>
  );
}
