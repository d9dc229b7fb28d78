// What each role may do: the four that every organization has, to read, and the organization's own, to make from permissions.
import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/organization_calls";
import { rolesQuery } from "../../api/organization_queries";
import type { OrganizationRole } from "../../api/organization_types";
import { useMe } from "../../api/session";
import type { Permission } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import { usePermissionReason } from "../../components/permission";
import { Question } from "../../components/question";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import own from "./organization.module.css";
import { PermissionList, PermissionPicker } from "./permission_picker";
import { covers, useRoleName } from "./roles";
import { organizationWords } from "./words";

type Open = { key: string; what: "read" | "change" | "delete" } | null;
const keyOf = (role: OrganizationRole) => role.id ?? role.role;

export function RolesSection() {
  const t = organizationWords.use();
  const id = useMe().organization?.id ?? "";
  const mayNot = usePermissionReason("roles.manage");
  const query = useQuery(rolesQuery(id));
  const [open, setOpen] = useState<Open>(null);
  const [isCreating, setCreating] = useState(false);
  return (
    <div style={{ maxWidth: 860 }}>
      <SectionHead
        title={t("roles")}
        text={t("roles_text")}
        action={<ActionButton look="outlined" icon={IconPlus} label={t("role_new")} hasText disabledReason={mayNot} onClick={() => setCreating(true)} />}
      />
      {isCreating ? <RoleForm role={null} onClose={() => setCreating(false)} /> : null}
      {query.isPending ? <TableBones rows={4} /> : null}
      {query.isError && !query.data ? <PaneError title={t("roles_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data ? (
        <ul className={own.cards}>
          {query.data.map((role) => (
            <RoleItem key={keyOf(role)} role={role} mayNot={mayNot} open={open?.key === keyOf(role) ? open.what : null} onOpen={(what) => setOpen(what === null ? null : { key: keyOf(role), what })} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}

type ItemProps = { role: OrganizationRole; mayNot: string | null; open: "read" | "change" | "delete" | null; onOpen: (what: "read" | "change" | "delete" | null) => void };

function RoleItem({ role, mayNot, open, onOpen }: ItemProps) {
  const t = organizationWords.use();
  const client = useQueryClient();
  const nameRole = useRoleName();
  const { organization, permissions } = useMe();
  const close = () => onOpen(null);
  const remove = useMutation({
    mutationFn: () => calls.deleteRole(organization?.id ?? "", role.id ?? ""),
    onSuccess: async () => {
      close();
      await client.invalidateQueries({ queryKey: ["roles"] });
    },
  });
  const isAbove = !covers(permissions, role.permissions);
  const changeReason = mayNot ?? (isAbove ? t("role_above_reason") : null);
  const deleteReason = changeReason ?? (role.members > 0 ? t("role_in_use_reason", { count: role.members }) : null);
  return (
    <li className={own.card}>
      <div className={own.cardHead}>
        <div>
          <div className={own.cardName}>
            <h3>{nameRole({ role: role.role, role_name: role.name })}</h3>
            {role.id === null ? null : <Chip text={t("role_own")} tone="information" />}
          </div>
          <p className={styles.soft}>
            {t("members_count", { count: role.members })}
            {" · "}
            {role.id === null && role.role !== "custom" ? t(`role_${role.role}_text`) : t("permissions_count", { count: role.permissions.length })}
          </p>
        </div>
        <div className={styles.buttons}>
          <ActionButton size="small" label={open === "read" ? t("permissions_hide") : t("permissions_show")} hasText isExpanded={open === "read"} onClick={() => onOpen(open === "read" ? null : "read")} />
          {role.id === null ? null : (
            <>
              <ActionButton size="small" label={t("change")} hasText disabledReason={changeReason} onClick={() => onOpen("change")} />
              <ActionButton size="small" label={t("delete_short")} hasText isDanger disabledReason={deleteReason} onClick={() => onOpen("delete")} />
            </>
          )}
        </div>
      </div>
      {open === "read" ? (
        <div className={own.cardBody}>
          <PermissionList permissions={role.permissions} />
        </div>
      ) : null}
      {open === "change" ? <RoleForm role={role} onClose={close} /> : null}
      {open === "delete" ? (
        <Question text={t("role_delete_ask", { name: role.name })} action={t("role_delete")} isPending={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onCancel={close} />
      ) : null}
    </li>
  );
}

const FIRST_PERMISSIONS: readonly Permission[] = ["inbox.read", "contacts.read", "campaigns.read"];

function RoleForm({ role, onClose }: { role: OrganizationRole | null; onClose: () => void }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const { organization, permissions: mine } = useMe();
  const [chosen, setChosen] = useState<Set<Permission>>(() => new Set(role?.permissions ?? FIRST_PERMISSIONS.filter((permission) => mine.includes(permission))));
  const [missing, setMissing] = useState<readonly ("name" | "permissions")[]>([]);
  const save = useMutation({
    mutationFn: (name: string) => {
      const body = { name, permissions: [...chosen] };
      return role?.id ? calls.updateRole(organization?.id ?? "", role.id, body) : calls.createRole(organization?.id ?? "", body);
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["roles"] });
      void client.invalidateQueries({ queryKey: ["members"] });
      onClose();
    },
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    const lacking = [...(name === "" ? (["name"] as const) : []), ...(chosen.size === 0 ? (["permissions"] as const) : [])];
    setMissing(lacking);
    if (lacking.length === 0) save.mutate(name);
  }
  return (
    <form className={styles.panel} onSubmit={handleSubmit} noValidate aria-label={role ? t("role_change", { name: role.name }) : t("role_new")}>
      <TextInput name="name" label={t("role_name")} placeholder={t("role_name_example")} defaultValue={role?.name ?? ""} maxLength={60} error={missing.includes("name") ? t("required") : null} autoComplete="off" autoFocus style={{ maxWidth: 360 }} />
      <PermissionPicker legend={t("role_permissions")} chosen={chosen} onChange={setChosen} without="organization.own" />
      {role && role.members > 0 ? <p className={styles.soft}>{t("role_change_at_once", { count: role.members })}</p> : null}
      {missing.includes("permissions") ? (
        <p role="alert" className={styles.error}>
          {t("permissions_missing")}
        </p>
      ) : null}
      {save.isError ? (
        <p role="alert" className={styles.error}>
          {describe(save.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" loading={save.isPending}>
          {role ? t("save") : t("role_create")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}
