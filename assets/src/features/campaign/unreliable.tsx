// The mark on everything that is counted from opens.
import { Tooltip } from "@mantine/core";
import styles from "./campaign.module.css";
import { campaignWords } from "./words";

export function Unreliable() {
  const t = campaignWords.use();
  return (
    <Tooltip label={t("unreliable_hint")} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
      <span className={styles.unreliable} tabIndex={0} role="note" aria-label={`${t("unreliable")}: ${t("unreliable_hint")}`}>
        {t("unreliable")}
      </span>
    </Tooltip>
  );
}
