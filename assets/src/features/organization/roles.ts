// Roles as people choose them: built-in ones by their word, the organization's own by their id.
import type { OrganizationRole, RoleChoice } from "../../api/organization_types";
import type { Permission, Role } from "../../api/types";
import { organizationWords } from "./words";

type Named = { role: Role | null; role_name: string | null };

export function useRoleName(): (named: Named) => string {
  const t = organizationWords.use();
  return ({ role, role_name }) => {
    if (role === null) return t("role_guest");
    return role === "custom" ? role_name || t("role_custom") : t(`role_${role}`);
  };
}

export const valueOf = (choice: RoleChoice): string => choice.role_id ?? choice.role;

export function readChoice(value: string, roles: readonly OrganizationRole[]): RoleChoice {
  const own = roles.find((role) => role.id === value);
  return own ? { role: "custom", role_id: own.id } : { role: value as Role };
}

export const covers = (mine: readonly Permission[], theirs: readonly Permission[]) => theirs.every((permission) => mine.includes(permission));

/** Only roles within the reader's own rights: who gives a right must have it. */
export function useRoleChoices(roles: readonly OrganizationRole[], mine: readonly Permission[]) {
  const nameRole = useRoleName();
  return roles
    .filter((role) => covers(mine, role.permissions))
    .map((role) => ({ value: valueOf({ role: role.role, role_id: role.id }), label: nameRole({ role: role.role, role_name: role.name }) }));
}
