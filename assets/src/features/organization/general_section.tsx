// The organization itself: its name, its rule about the second factor, leaving it, deleting it.
import { Button, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/organization_calls";
import { membersQuery, organizationQuery } from "../../api/organization_queries";
import type { OrganizationDetail } from "../../api/organization_types";
import { reloadMe, useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { PaneError } from "../../components/pane_message";
import { usePermissionReason } from "../../components/permission";
import { Question } from "../../components/question";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { useFormat } from "../../i18n/format";
import { useRoleName } from "./roles";
import { organizationWords } from "./words";

export function GeneralSection() {
  const t = organizationWords.use();
  const { organization } = useMe();
  const query = useQuery(organizationQuery(organization?.id ?? ""));
  return (
    <div className={styles.narrow}>
      <SectionHead title={t("general")} />
      {query.isPending ? <TableBones rows={4} /> : null}
      {query.isError && !query.data ? <PaneError title={t("general_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data ? <General organization={query.data} /> : null}
    </div>
  );
}

function General({ organization }: { organization: OrganizationDetail }) {
  const t = organizationWords.use();
  const format = useFormat();
  const nameRole = useRoleName();
  return (
    <>
      <Name organization={organization} />
      <p className={styles.soft}>{t("general_facts", { role: nameRole(organization), date: format.date(organization.created_at_ms) })}</p>
      <SecondFactorRule organization={organization} />
      {organization.role === null ? null : <Leave organization={organization} />}
      <Delete organization={organization} />
    </>
  );
}

function useChange(organization: OrganizationDetail) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Parameters<typeof calls.updateOrganization>[1]) => calls.updateOrganization(organization.id, change),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["organization", organization.id] });
      void client.invalidateQueries({ queryKey: ["organizations"] });
      await reloadMe();
    },
  });
}

function Name({ organization }: { organization: OrganizationDetail }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const reason = usePermissionReason("organization.manage");
  const change = useChange(organization);
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "" && name !== organization.name) change.mutate({ name });
  }
  if (reason !== null) {
    return (
      <div className={styles.gap}>
        <h3>{t("name")}</h3>
        <p>{organization.name}</p>
      </div>
    );
  }
  return (
    <form className={styles.row} onSubmit={handleSubmit}>
      <TextInput name="name" label={t("name")} defaultValue={organization.name} required withAsterisk={false} maxLength={200} className={styles.grow} error={change.isError ? describe(change.error) : null} />
      <Button type="submit" variant="default" loading={change.isPending}>
        {t("save")}
      </Button>
      <span role="status" className={`${styles.soft} ${styles.saved}`}>
        {change.isSuccess ? t("saved") : ""}
      </span>
    </form>
  );
}

/** Switched on, it shuts members out until they comply; so the number of those is said before. */
function SecondFactorRule({ organization }: { organization: OrganizationDetail }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const reason = usePermissionReason("organization.manage");
  const members = useQuery(membersQuery(organization.id));
  const [isAsked, setAsked] = useState(false);
  const change = useChange(organization);
  const without = (members.data ?? []).filter((member) => !member.has_second_factor).length;
  const isOn = organization.is_second_factor_required;
  const set = (is_second_factor_required: boolean) => change.mutate({ is_second_factor_required }, { onSuccess: () => setAsked(false) });
  return (
    <div>
      <div className={styles.setting}>
        <div>
          <h3 id="second-factor-rule">{t("second_factor_rule")}</h3>
          <p className={styles.soft}>{isOn ? t("second_factor_rule_on") : t("second_factor_rule_off")}</p>
          {reason === null ? null : <p className={`${styles.soft} ${styles.small}`}>{reason}</p>}
        </div>
        <Switch
          aria-labelledby="second-factor-rule"
          checked={isOn}
          disabled={reason !== null || change.isPending}
          onChange={(event) => (event.currentTarget.checked ? setAsked(true) : set(false))}
        />
      </div>
      {isAsked ? (
        <Question
          isDanger={false}
          text={without === 0 ? t("second_factor_ask_none") : t("second_factor_ask", { count: without })}
          action={t("second_factor_require")}
          isPending={change.isPending}
          error={change.error}
          onConfirm={() => set(true)}
          onCancel={() => setAsked(false)}
        />
      ) : change.isError ? (
        <p role="alert" className={styles.error}>
          {describe(change.error)}
        </p>
      ) : null}
    </div>
  );
}

function Leave({ organization }: { organization: OrganizationDetail }) {
  const t = organizationWords.use();
  const navigate = useNavigate();
  const members = useQuery(membersQuery(organization.id));
  const [isAsked, setAsked] = useState(false);
  const owners = (members.data ?? []).filter((member) => member.role === "owner").length;
  const reason = organization.role === "owner" && members.data && owners <= 1 ? t("last_owner_reason") : null;
  const leave = useMutation({
    mutationFn: () => calls.leaveOrganization(organization.id),
    onSuccess: async () => {
      await navigate({ to: "/organizations" });
      await reloadMe();
    },
  });
  return (
    <div>
      <div className={styles.setting}>
        <div>
          <h3>{t("leave")}</h3>
          <p className={styles.soft}>{t("leave_text")}</p>
        </div>
        <ActionButton look="outlined" label={t("leave_action")} hasText disabledReason={reason} onClick={() => setAsked(true)} />
      </div>
      {isAsked ? (
        <Question
          text={t("leave_ask", { name: organization.name })}
          action={t("leave_action")}
          isPending={leave.isPending}
          error={leave.error}
          onConfirm={() => leave.mutate()}
          onCancel={() => setAsked(false)}
        />
      ) : null}
    </div>
  );
}

function Delete({ organization }: { organization: OrganizationDetail }) {
  const t = organizationWords.use();
  const navigate = useNavigate();
  const mayNot = usePermissionReason("organization.own");
  const days = organization.delete_grace_days;
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: () => calls.deleteOrganization(organization.id, { name: organization.name }),
    onSuccess: async () => {
      await navigate({ to: "/organizations" });
      await reloadMe();
    },
  });
  return (
    <div>
      <div className={styles.setting}>
        <div>
          <h3>{t("delete")}</h3>
          <p className={styles.soft}>{days === 0 ? t("delete_text_now") : t("delete_text", { count: days })}</p>
        </div>
        <ActionButton look="outlined" label={t("delete_action")} hasText isDanger disabledReason={mayNot === null ? null : t("delete_owner_only")} onClick={() => setAsked(true)} />
      </div>
      {isAsked ? (
        <Question
          text={days === 0 ? t("delete_ask_now") : t("delete_ask", { count: days })}
          action={t("delete_action")}
          typed={{ label: t("delete_type", { name: organization.name }), value: organization.name, reason: t("delete_type_reason") }}
          isPending={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onCancel={() => setAsked(false)}
        />
      ) : null}
    </div>
  );
}
