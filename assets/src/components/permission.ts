// What the signed-in role may change, each time with the reason to show when it may not.
import { useMe } from "../api/session";
import { componentWords } from "./words";

/** Null when allowed, otherwise the reason. */
export function useChangeReason(): string | null {
  const t = componentWords.use();
  return useMe().role === "viewer" ? t("viewer_reason") : null;
}

export function useAdminReason(): string | null {
  const t = componentWords.use();
  const { role } = useMe();
  return role === "owner" || role === "admin" ? null : t("admin_reason");
}
