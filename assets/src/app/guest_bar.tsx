// Says to staff that they are guests in a customer's organization, for as long as they are, with the way back.
import { useNavigate } from "@tanstack/react-router";
import { useMe } from "../api/session";
import { ActionButton } from "../components/action_button";
import styles from "./shell.module.css";
import { appWords } from "./words";

export function GuestBar() {
  const t = appWords.use();
  const navigate = useNavigate();
  const { organization, staff_role } = useMe();
  if (organization === null || organization.role !== null || staff_role === null) return null;
  return (
    <aside className={styles.guest} aria-label={t("organization_guest")}>
      <span>
        <strong>{organization.name}</strong> · {t("guest_bar")}
      </span>
      <ActionButton size="small" label={t("guest_leave")} hasText onClick={() => void navigate({ to: "/admin" })} />
    </aside>
  );
}
