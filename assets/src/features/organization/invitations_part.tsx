// Invitations that nobody has accepted yet. Their links cannot be shown again; a lost one is revoked and made anew.
import { useMutation, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/organization_calls";
import type { Invitation } from "../../api/organization_types";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { StateWord } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { Question } from "../../components/question";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { Table } from "../../components/table";
import { useFormat, useNow } from "../../i18n/format";
import { useRoleName } from "./roles";
import { organizationWords } from "./words";

export function InvitationsPart({ query, mayNot }: { query: UseQueryResult<Invitation[]>; mayNot: string | null }) {
  const t = organizationWords.use();
  const format = useFormat();
  const now = useNow();
  const nameRole = useRoleName();
  const [askedId, setAskedId] = useState<string | null>(null);
  const open = (query.data ?? []).filter((invitation) => invitation.accepted_at_ms === null);
  return (
    <section>
      <SectionHead title={t("invitations")} text={t("invitations_text")} />
      {query.isError && !query.data ? <PaneError title={t("invitations_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data && open.length === 0 ? <p className={styles.none}>{t("invitations_empty")}</p> : null}
      {open.length > 0 ? (
        <Table
          isBoxed
          label={t("invitations")}
          rows={open}
          keyOf={(invitation) => invitation.id}
          detail={(invitation) => (invitation.id === askedId ? <Revoke invitation={invitation} onClose={() => setAskedId(null)} /> : null)}
          columns={[
            { key: "email", name: t("invited_person"), look: "strong", title: (row) => row.email || undefined, cell: (row) => row.email || t("whoever_has_link") },
            { key: "role", name: t("role"), cell: (row) => nameRole(row) },
            { key: "by", name: t("invited_by"), look: "clip", weight: "minor", title: (row) => row.invited_by?.email, cell: (row) => row.invited_by?.email ?? "–" },
            { key: "made", name: t("created"), look: "soft", weight: "minor", cell: (row) => <RelativeTime atMs={row.created_at_ms} /> },
            {
              key: "expires",
              name: t("valid_until"),
              look: "soft",
              cell: (row) => (row.expires_at_ms <= now ? <StateWord tone="caution" shape="ring" word={t("expired")} /> : format.dateTime(row.expires_at_ms)),
            },
            {
              key: "actions",
              name: t("actions"),
              look: "actions",
              isNameHidden: true,
              cell: (row) => <ActionButton size="small" label={t("revoke")} hasText isDanger disabledReason={mayNot} onClick={() => setAskedId(row.id)} />,
            },
          ]}
        />
      ) : null}
    </section>
  );
}

function Revoke({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const t = organizationWords.use();
  const client = useQueryClient();
  const organizationId = useMe().organization?.id ?? "";
  const revoke = useMutation({
    mutationFn: () => calls.deleteInvitation(organizationId, invitation.id),
    onSuccess: async () => {
      onClose();
      await client.invalidateQueries({ queryKey: ["invitations"] });
    },
  });
  return <Question text={t("revoke_invitation_ask")} action={t("revoke_invitation")} isPending={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate()} onCancel={onClose} />;
}
