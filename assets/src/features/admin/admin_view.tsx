// The appliance for its staff: what runs on it, who is on it, and how people get in. Operators see what they operate, no more.
import { IconAt, IconBuilding, IconHistory, IconMail, IconRouteOff, IconSend, IconSettings, IconUsers, type Icon } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { Suspense, type ComponentType } from "react";
import { useMe } from "../../api/session";
import type { Permission } from "../../api/types";
import { lazyView } from "../../app/lazy_view";
import { PaneMessage } from "../../components/pane_message";
import { Sections } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { adminWords } from "./words";

type SectionName = "organizations" | "campaigns" | "mailboxes" | "accounts" | "mails" | "settings" | "audit" | "unrouted";
type Section = { name: SectionName; icon: Icon; permission: Permission; View: ComponentType };

const SECTIONS: readonly Section[] = [
  { name: "organizations", icon: IconBuilding, permission: "appliance.operate", View: lazyView(() => import("./organizations_section"), "OrganizationsSection") },
  { name: "campaigns", icon: IconSend, permission: "appliance.operate", View: lazyView(() => import("./across_section"), "CampaignsSection") },
  { name: "mailboxes", icon: IconAt, permission: "appliance.operate", View: lazyView(() => import("./across_section"), "MailboxesSection") },
  { name: "accounts", icon: IconUsers, permission: "appliance.administer", View: lazyView(() => import("./accounts_section"), "AccountsSection") },
  { name: "mails", icon: IconMail, permission: "appliance.administer", View: lazyView(() => import("./mails_section"), "MailsSection") },
  { name: "settings", icon: IconSettings, permission: "appliance.administer", View: lazyView(() => import("./settings_section"), "SettingsSection") },
  { name: "audit", icon: IconHistory, permission: "appliance.administer", View: lazyView(() => import("./audit_section"), "AuditSection") },
  { name: "unrouted", icon: IconRouteOff, permission: "appliance.operate", View: lazyView(() => import("./unrouted_section"), "UnroutedSection") },
];

export function AdminView() {
  const t = adminWords.use();
  const { section } = useParams({ from: "/app/admin/$section" });
  const { permissions } = useMe();
  const isAllowed = (candidate: Section) => permissions.includes(candidate.permission);
  const current = SECTIONS.find((candidate) => candidate.name === section);
  const sections = SECTIONS.filter(isAllowed).map(({ name, icon }) => ({ name, icon, label: t(`section_${name}`) }));
  return (
    <Sections title={t("title")} navigation={t("sections")} address="/admin/$section" groups={[{ name: t("title"), sections }]} current={current ? t(`section_${current.name}`) : t("not_found")}>
      {current === undefined ? <PaneMessage title={t("not_found")} /> : null}
      {current && !isAllowed(current) ? <PaneMessage title={t(`section_${current.name}`)} text={t("section_refused")} /> : null}
      {current && isAllowed(current) ? (
        <Suspense key={current.name} fallback={<TableBones />}>
          <current.View />
        </Suspense>
      ) : null}
    </Sections>
  );
}
