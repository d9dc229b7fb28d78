// The running of the organization: consumers of its events, jobs, received provider events.
import styles from "../../components/section.module.css";
import { JobsPart } from "./jobs_part";
import { ProviderEventsPart } from "./provider_events_part";
import { StatusPart } from "./status_part";

export function OperationsSection() {
  return (
    <div className={styles.wide}>
      <StatusPart />
      <JobsPart />
      <ProviderEventsPart />
    </div>
  );
}
