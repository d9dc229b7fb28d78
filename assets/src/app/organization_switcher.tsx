// The organization one works in, and the way to the others: a menu at the top of the sidebar, and the same lines in a phone's menu.
import { Menu } from "@mantine/core";
import { IconBuilding, IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { signInOptionsQuery } from "../api/account_queries";
import { organizationsQuery } from "../api/organization_queries";
import type { Organization } from "../api/organization_types";
import { useMe } from "../api/session";
import type { Role } from "../api/types";
import { useErrorText } from "../components/error_text";
import { showToast } from "../components/toast";
import icon from "../theme/icon.svg";
import styles from "./shell.module.css";
import { useSwitchOrganization } from "./switch_organization";
import { appWords } from "./words";

/** A longer list is found faster by typing, in the view of all organizations. */
const SHOWN = 8;

function useRoleName(): (role: Role | null, roleName: string | null) => string {
  const t = appWords.use();
  return (role, roleName) => {
    if (role === null) return t("organization_guest");
    return role === "custom" ? roleName || t("role_custom") : t(`role_${role}`);
  };
}

/** Who may make one: everybody where registration is open, else administrators of the appliance and owners. */
export function useMayCreateOrganization(organizations: readonly Organization[] | undefined): boolean {
  const { staff_role } = useMe();
  const options = useQuery(signInOptionsQuery());
  return staff_role === "sb_admin" || options.data?.registration === "open" || (organizations ?? []).some(({ role }) => role === "owner");
}

export function OrganizationSwitcher({ isFolded }: { isFolded: boolean }) {
  const t = appWords.use();
  const { organization } = useMe();
  const [isOpen, setOpen] = useState(false);
  const name = organization?.name ?? t("organization_none");
  return (
    <Menu position="bottom-start" width={264} opened={isOpen} onChange={setOpen}>
      <Menu.Target>
        <button type="button" className={styles.organization} title={name} aria-label={`${t("organization")}: ${name}`}>
          <img src={icon} alt="" width={22} height={22} />
          {isFolded ? null : <span>{name}</span>}
          {isFolded ? null : <IconSelector size={16} stroke={1.5} aria-hidden />}
        </button>
      </Menu.Target>
      <Menu.Dropdown>{isOpen ? <OrganizationItems /> : null}</Menu.Dropdown>
    </Menu>
  );
}

/** Asked for only when the menu opens: most people belong to one organization. */
export function OrganizationItems() {
  const t = appWords.use();
  const navigate = useNavigate();
  const describe = useErrorText();
  const switchTo = useSwitchOrganization();
  const nameRole = useRoleName();
  const { organization: here, staff_role } = useMe();
  const query = useQuery(organizationsQuery());
  const mayCreate = useMayCreateOrganization(query.data);
  const known = (query.data ?? []).filter(({ delete_after_ms }) => delete_after_ms === null);
  const isGuest = here !== null && !known.some(({ id }) => id === here.id);
  const shown = known.slice(0, SHOWN);
  return (
    <>
      <Menu.Label>{t("organizations")}</Menu.Label>
      {here !== null && isGuest ? (
        <Menu.Item rightSection={<IconCheck size={16} stroke={1.5} aria-hidden />} onClick={() => undefined}>
          <span className={styles.menuName}>{here.name}</span>
          <span className={styles.menuNote}>{staff_role === null ? nameRole(here.role ?? null, here.role_name ?? null) : t("organization_guest")}</span>
        </Menu.Item>
      ) : null}
      {shown.map((organization) => (
        <Menu.Item
          key={organization.id}
          aria-current={organization.id === here?.id ? "true" : undefined}
          rightSection={organization.id === here?.id ? <IconCheck size={16} stroke={1.5} aria-hidden /> : null}
          onClick={() => {
            if (organization.id !== here?.id) void switchTo(organization.id).catch((error: unknown) => showToast(describe(error)));
          }}
        >
          <span className={styles.menuName} title={organization.name}>
            {organization.name}
          </span>
          <span className={styles.menuNote}>{nameRole(organization.role, organization.role_name)}</span>
        </Menu.Item>
      ))}
      {query.isError ? <Menu.Label>{describe(query.error)}</Menu.Label> : null}
      <Menu.Divider />
      <Menu.Item leftSection={<IconBuilding size={18} stroke={1.5} aria-hidden />} onClick={() => void navigate({ to: "/organizations" })}>
        {t("organizations_all")}
      </Menu.Item>
      {mayCreate ? (
        <Menu.Item leftSection={<IconPlus size={18} stroke={1.5} aria-hidden />} onClick={() => void navigate({ to: "/organizations", search: { new: true } })}>
          {t("organization_new")}
        </Menu.Item>
      ) : null}
    </>
  );
}
