// What the signed-in role may change, each time with the reason to show when it may not.
import { useMe } from "../api/session";
import type { Permission } from "../api/types";
import { componentWords } from "./words";

/** Null when allowed, otherwise the reason. */
export function useChangeReason(): string | null {
  const t = componentWords.use();
  return useMe().permissions.includes("inbox.change") ? null : t("viewer_reason");
}

export function useAdminReason(): string | null {
  const t = componentWords.use();
  return useMe().permissions.includes("connections.manage") ? null : t("admin_reason");
}

/** Null when allowed, otherwise the reason. */
export function usePermissionReason(permission: Permission): string | null {
  const t = componentWords.use();
  return useMe().permissions.includes(permission) ? null : t("role_reason");
}
