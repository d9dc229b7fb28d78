// The permissions in the order and the groups people read them in, and the keys of their words.
import type { Permission } from "../../api/types";

type OrganizationPermission = Exclude<Permission, "appliance.operate" | "appliance.administer">;
type Group = "work" | "connections" | "people" | "organization";

/** In the order people read them in. */
export const PERMISSION_GROUPS: readonly { name: Group; permissions: readonly OrganizationPermission[] }[] = [
  { name: "work", permissions: ["inbox.read", "inbox.change", "contacts.read", "campaigns.read"] },
  { name: "connections", permissions: ["connections.read", "connections.manage", "operations.manage", "payloads.read"] },
  { name: "people", permissions: ["members.read", "members.manage", "roles.manage"] },
  { name: "organization", permissions: ["api_keys.manage", "audit.read", "organization.manage", "organization.own"] },
];

type Key = Permission extends `${infer Area}.${infer Right}` ? `${Area}_${Right}` : never;
type KeyOf<Name extends Permission> = Name extends `${infer Area}.${infer Right}` ? `${Area}_${Right}` : Key;

/** The key of its label in the words of permissions; with "_text" that of its sentence. */
export const keyOf = <Name extends Permission>(name: Name) => name.replace(".", "_") as KeyOf<Name>;
