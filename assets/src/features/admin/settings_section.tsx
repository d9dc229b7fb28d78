// How people get in, and how mail goes out: registration, mail server, services to sign in with. Each part is saved by itself.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { applianceSettingsQuery } from "../../api/organization_queries";
import type { Registration, Settings } from "../../api/organization_types";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { MailServerPart } from "./mail_server_part";
import { ProvidersPart } from "./providers_part";
import { useSettingsChange } from "./settings_change";
import { adminWords } from "./words";

const REGISTRATIONS = ["open", "invitation", "closed"] as const;

export function SettingsSection() {
  const t = adminWords.use();
  const query = useQuery(applianceSettingsQuery());
  if (query.isPending) return <TableBones />;
  if (!query.data) return <PaneError title={t("settings_error")} error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className={styles.wide} style={{ maxWidth: 760 }}>
      <RegistrationPart settings={query.data} />
      <MailServerPart smtp={query.data.smtp} />
      <ProvidersPart />
    </div>
  );
}

function RegistrationPart({ settings }: { settings: Settings }) {
  const t = adminWords.use();
  const describe = useErrorText();
  const change = useSettingsChange();
  const shown = change.isPending ? (change.variables.registration ?? settings.registration) : settings.registration;
  return (
    <section>
      <SectionHead title={t("registration")} text={t("registration_text")} />
      <SegmentedControl
        aria-label={t("registration")}
        value={shown}
        onChange={(value) => change.mutate({ registration: value as Registration })}
        data={REGISTRATIONS.map((name) => ({ value: name, label: t(`registration_${name}`) }))}
      />
      <p className={styles.soft} role="status" style={{ marginTop: 8 }}>
        {t(`registration_${shown}_text`)}
      </p>
      {change.isError ? (
        <p role="alert" className={styles.error}>
          {describe(change.error)}
        </p>
      ) : null}
    </section>
  );
}
