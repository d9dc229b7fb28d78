// The running of the server for owners and administrators: consumers, jobs, received and unrouted provider events.
import { useMe } from "../../api/session";
import { JobsPart } from "./jobs_part";
import { ProviderEventsPart } from "./provider_events_part";
import styles from "./settings.module.css";
import { StatusPart } from "./status_part";
import { UnroutedPart } from "./unrouted_part";
import { settingsWords } from "./words";

export function OperationsSection() {
  const t = settingsWords.use();
  const { permissions } = useMe();
  if (!permissions.includes("operations.manage")) {
    return (
      <div className={styles.narrow}>
        <h2>{t("operations")}</h2>
        <p className={styles.soft}>{t("operations_viewer")}</p>
      </div>
    );
  }
  return (
    <div className={styles.wide}>
      <StatusPart />
      <JobsPart />
      <ProviderEventsPart />
      {permissions.includes("appliance.operate") ? <UnroutedPart /> : null}
    </div>
  );
}
