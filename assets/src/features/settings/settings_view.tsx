// The settings in two groups: the reader's own, and the organization's as far as the role includes them. A section that the role
// does not include is absent; its address says why.
import { IconBuilding, IconHistory, IconKey, IconPlugConnected, IconServer, IconShieldCheck, IconShieldLock, IconUser, IconUsers, type Icon } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { Suspense, type ComponentType } from "react";
import { useMe } from "../../api/session";
import type { Permission } from "../../api/types";
import { lazyView } from "../../app/lazy_view";
import { PaneMessage } from "../../components/pane_message";
import { Sections } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { WayBack } from "../../components/way_back";
import { ConnectionsSection } from "./connections_section";
import { OperationsSection } from "./operations_section";
import { ProfileSection } from "./profile_section";
import { settingsWords } from "./words";

type Section = { name: SectionName; icon: Icon; permission: Permission | null; View: ComponentType };
type SectionName = "profile" | "security" | "organization" | "members" | "roles" | "api-keys" | "connections" | "audit" | "operations";

const YOU: readonly Section[] = [
  { name: "profile", icon: IconUser, permission: null, View: ProfileSection },
  { name: "security", icon: IconShieldLock, permission: null, View: lazyView(() => import("../security/security_section"), "SecuritySection") },
];

const ORGANIZATION: readonly Section[] = [
  { name: "organization", icon: IconBuilding, permission: "members.read", View: lazyView(() => import("../organization/general_section"), "GeneralSection") },
  { name: "members", icon: IconUsers, permission: "members.read", View: lazyView(() => import("../organization/members_section"), "MembersSection") },
  { name: "roles", icon: IconShieldCheck, permission: "members.read", View: lazyView(() => import("../organization/roles_section"), "RolesSection") },
  { name: "api-keys", icon: IconKey, permission: "api_keys.manage", View: lazyView(() => import("../organization/api_keys_section"), "ApiKeysSection") },
  { name: "connections", icon: IconPlugConnected, permission: "connections.read", View: ConnectionsSection },
  { name: "audit", icon: IconHistory, permission: "audit.read", View: lazyView(() => import("../audit/audit_section"), "AuditSection") },
  { name: "operations", icon: IconServer, permission: "operations.manage", View: OperationsSection },
];

export function SettingsView() {
  const t = settingsWords.use();
  const { section } = useParams({ from: "/app/settings/$section" });
  const { organization, permissions } = useMe();
  const isAllowed = ({ permission }: Section) => permission === null || (organization !== null && permissions.includes(permission));
  const label = (name: SectionName) => t(`section_${name}`);
  const links = (sections: readonly Section[]) => sections.filter(isAllowed).map(({ name, icon }) => ({ name, icon, label: label(name) }));
  const groups = [
    { name: t("group_you"), sections: links(YOU) },
    { name: organization?.name ?? "", sections: links(ORGANIZATION) },
  ].filter((group) => group.sections.length > 0);
  const current = [...YOU, ...ORGANIZATION].find((candidate) => candidate.name === section);
  return (
    <Sections
      title={t("title")}
      navigation={t("sections")}
      address="/settings/$section"
      groups={groups}
      current={current ? label(current.name) : t("not_found")}
      actions={organization === null ? <WayBack /> : null}
    >
      {current === undefined ? <PaneMessage title={t("not_found")} /> : null}
      {current && !isAllowed(current) ? (
        <PaneMessage title={label(current.name)} text={organization ? t("section_refused", { organization: organization.name }) : t("section_refused_nowhere")} />
      ) : null}
      {current && isAllowed(current) ? (
        <Suspense key={current.name} fallback={<TableBones />}>
          <current.View />
        </Suspense>
      ) : null}
    </Sections>
  );
}
