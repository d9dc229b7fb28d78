// Who belongs to the organization, who is invited, and what each may do; every action that is not possible says why.
import { Select } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/organization_calls";
import { invitationsQuery, membersQuery, rolesQuery } from "../../api/organization_queries";
import type { Member, OrganizationRole } from "../../api/organization_types";
import { reloadMe, useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useErrorText } from "../../components/error_text";
import { StateWord } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { usePermissionReason } from "../../components/permission";
import { Question } from "../../components/question";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import { showToast } from "../../components/toast";
import { InvitationForm } from "./invitation_form";
import { InvitationsPart } from "./invitations_part";
import own from "./organization.module.css";
import { covers, readChoice, useRoleChoices, useRoleName, valueOf } from "./roles";
import { organizationWords } from "./words";

type Asked = { memberId: string; what: "remove" | "second_factor" };

export function MembersSection() {
  const t = organizationWords.use();
  const id = useMe().organization?.id ?? "";
  const mayNot = usePermissionReason("members.manage");
  const members = useQuery(membersQuery(id));
  const roles = useQuery(rolesQuery(id));
  const invitations = useQuery(invitationsQuery(id));
  const [isInviting, setInviting] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead
          title={t("members")}
          text={t("members_text")}
          action={<ActionButton look="outlined" icon={IconUserPlus} label={t("invite")} hasText disabledReason={mayNot} onClick={() => setInviting(true)} />}
        />
        {isInviting ? <InvitationForm roles={roles.data ?? []} onClose={() => setInviting(false)} /> : null}
        {members.isPending ? <TableBones rows={5} /> : null}
        {members.isError && !members.data ? <PaneError title={t("members_error")} error={members.error} onRetry={() => void members.refetch()} /> : null}
        {members.data ? <MemberTable members={members.data} roles={roles.data ?? []} mayNot={mayNot} asked={asked} onAsk={setAsked} /> : null}
      </section>
      <InvitationsPart query={invitations} mayNot={mayNot} />
    </div>
  );
}

type TableProps = { members: Member[]; roles: OrganizationRole[]; mayNot: string | null; asked: Asked | null; onAsk: (asked: Asked | null) => void };

function MemberTable({ members, roles, mayNot, asked, onAsk }: TableProps) {
  const t = organizationWords.use();
  const { account } = useMe();
  const owners = members.filter((member) => member.role === "owner").length;
  return (
    <Table
      isBoxed
      label={t("members")}
      rows={members}
      keyOf={(member) => member.account_id}
      detail={(member) => (asked?.memberId === member.account_id ? <MemberQuestion member={member} what={asked.what} onClose={() => onAsk(null)} /> : null)}
      columns={[
        {
          key: "person",
          name: t("person"),
          look: "strong",
          title: (member) => member.email,
          cell: (member) => (
            <span className={own.personNames}>
              <span>
                {member.name || member.email}
                {member.account_id === account.id ? ` (${t("you")})` : ""}
              </span>
              {member.name ? <span className={own.permissionText}>{member.email}</span> : null}
            </span>
          ),
        },
        { key: "role", name: t("role"), cell: (member) => <MemberRole member={member} roles={roles} mayNot={mayNot} isLastOwner={member.role === "owner" && owners <= 1} /> },
        {
          key: "second_factor",
          name: t("second_factor"),
          weight: "minor",
          cell: (member) =>
            member.has_second_factor ? <StateWord tone="positive" shape="disc" word={t("second_factor_yes")} /> : <StateWord tone="neutral" shape="ring" word={t("second_factor_no")} />,
        },
        {
          key: "last",
          name: t("last_sign_in"),
          look: "soft",
          weight: "minor",
          cell: (member) => (member.last_sign_in_at_ms ? <RelativeTime atMs={member.last_sign_in_at_ms} /> : t("never")),
        },
        {
          key: "actions",
          name: t("actions"),
          look: "actions",
          isNameHidden: true,
          cell: (member) => <MemberActions member={member} mayNot={mayNot} isLastOwner={member.role === "owner" && owners <= 1} roles={roles} onAsk={onAsk} />,
        },
      ]}
    />
  );
}

/** What the member's role may do, as far as this reader can know. */
function permissionsOf(member: Member, roles: readonly OrganizationRole[]) {
  return roles.find((role) => (member.role_id === null ? role.id === null && role.role === member.role : role.id === member.role_id))?.permissions ?? [];
}

function MemberRole({ member, roles, mayNot, isLastOwner }: { member: Member; roles: OrganizationRole[]; mayNot: string | null; isLastOwner: boolean }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const { organization, permissions, account } = useMe();
  const nameRole = useRoleName();
  const choices = useRoleChoices(roles, permissions);
  const isAbove = !covers(permissions, permissionsOf(member, roles));
  const reason = mayNot ?? (isLastOwner ? t("last_owner_reason") : isAbove ? t("above_reason") : null);
  const change = useMutation({
    mutationFn: (value: string) => calls.updateMember(organization?.id ?? "", member.account_id, readChoice(value, roles)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["members"] });
      void client.invalidateQueries({ queryKey: ["roles"] });
      if (member.account_id === account.id) await reloadMe();
    },
    onError: (error) => showToast(describe(error)),
  });
  const current = valueOf(member);
  if (reason !== null) {
    return (
      <span title={mayNot === null ? reason : undefined}>
        <Chip text={nameRole(member)} />
        {mayNot === null ? <span className="visually-hidden">{reason}</span> : null}
      </span>
    );
  }
  return (
    <Select
      aria-label={t("role_of", { name: member.name || member.email })}
      w={170}
      value={change.isPending ? (change.variables ?? current) : current}
      onChange={(value) => value && value !== current && change.mutate(value)}
      data={choices.some((choice) => choice.value === current) ? choices : [...choices, { value: current, label: nameRole(member) }]}
    />
  );
}

type ActionsProps = { member: Member; mayNot: string | null; isLastOwner: boolean; roles: OrganizationRole[]; onAsk: (asked: Asked) => void };

function MemberActions({ member, mayNot, isLastOwner, roles, onAsk }: ActionsProps) {
  const t = organizationWords.use();
  const { account, permissions } = useMe();
  const isSelf = member.account_id === account.id;
  const isAbove = !covers(permissions, permissionsOf(member, roles));
  const removeReason = mayNot ?? (isSelf ? t("remove_self_reason") : isLastOwner ? t("last_owner_reason") : isAbove ? t("above_reason") : null);
  const mayReset = permissions.includes("organization.own");
  const resetReason = !mayReset ? t("reset_owner_only") : isSelf ? t("reset_self_reason") : member.has_second_factor ? null : t("reset_none_reason");
  return (
    <>
      {member.has_second_factor ? (
        <ActionButton size="small" label={t("reset_second_factor")} hasText disabledReason={resetReason} onClick={() => onAsk({ memberId: member.account_id, what: "second_factor" })} />
      ) : null}
      <ActionButton size="small" label={t("remove")} hasText isDanger disabledReason={removeReason} onClick={() => onAsk({ memberId: member.account_id, what: "remove" })} />
    </>
  );
}

function MemberQuestion({ member, what, onClose }: { member: Member; what: Asked["what"]; onClose: () => void }) {
  const t = organizationWords.use();
  const client = useQueryClient();
  const organizationId = useMe().organization?.id ?? "";
  const name = member.name || member.email;
  const act = useMutation({
    mutationFn: () => (what === "remove" ? calls.deleteMember(organizationId, member.account_id) : calls.resetMemberSecondFactor(organizationId, member.account_id)),
    onSuccess: async () => {
      onClose();
      showToast(what === "remove" ? t("removed", { name }) : t("reset_done", { name }));
      await client.invalidateQueries({ queryKey: ["members"] });
    },
  });
  return (
    <Question
      text={what === "remove" ? t("remove_ask", { name }) : t("reset_ask", { name })}
      action={what === "remove" ? t("remove_action") : t("reset_second_factor")}
      isPending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate()}
      onCancel={onClose}
    />
  );
}
