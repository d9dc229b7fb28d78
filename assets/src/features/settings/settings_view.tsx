// The settings and their sections.
import { IconPlugConnected, IconServer, IconShieldLock, IconUser } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { Page } from "../../components/page";
import { PaneMessage } from "../../components/pane_message";
import { SecuritySection } from "../security/security_section";
import { ConnectionsSection } from "./connections_section";
import { OperationsSection } from "./operations_section";
import { ProfileSection } from "./profile_section";
import styles from "./settings.module.css";
import { settingsWords } from "./words";

const SECTIONS = [
  { name: "profile", icon: IconUser, View: ProfileSection },
  { name: "security", icon: IconShieldLock, View: SecuritySection },
  { name: "connections", icon: IconPlugConnected, View: ConnectionsSection },
  { name: "operations", icon: IconServer, View: OperationsSection },
] as const;

export function SettingsView() {
  const t = settingsWords.use();
  const { section } = useParams({ from: "/app/settings/$section" });
  const current = SECTIONS.find((candidate) => candidate.name === section);
  return (
    <Page title={t("title")}>
      <div className={styles.layout}>
        <nav className={styles.sections} aria-label={t("sections")}>
          <ul>
            {SECTIONS.map(({ name, icon: SectionIcon }) => (
              <li key={name}>
                <Link to="/settings/$section" params={{ section: name }}>
                  <SectionIcon size={18} stroke={1.5} aria-hidden />
                  {t(name)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className={styles.content} tabIndex={0} role="region" aria-label={current ? t(current.name) : t("not_found")}>
          {current ? <current.View /> : <PaneMessage title={t("not_found")} />}
        </div>
      </div>
    </Page>
  );
}
