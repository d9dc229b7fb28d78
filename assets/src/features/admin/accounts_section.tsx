// Everybody who can sign in: what they are on the appliance, where they are members, and what to do when something is wrong.
import { Select, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/organization_calls";
import { accountsQuery } from "../../api/organization_queries";
import { ApiError } from "../../api/client";
import type { AccountChange, AdminAccount, StaffRole } from "../../api/organization_types";
import { useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { StateWord } from "../../components/mark";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { Question } from "../../components/question";
import { useQuiet } from "../../components/quiet";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import own from "../organization/organization.module.css";
import { adminWords } from "./words";

const STAFF = ["none", "sb_operator", "sb_admin"] as const;
type What = "disable" | "enable" | "second_factor" | { staff_role: StaffRole | "" };
type Asked = { id: string; what: What } | null;

export function AccountsSection() {
  const t = adminWords.use();
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState<Asked>(null);
  const q = useQuiet(typed.trim());
  const query = useInfiniteQuery(accountsQuery(q));
  const rows = query.data?.pages.flatMap((part) => part.rows) ?? [];
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead title={t("section_accounts")} text={t("accounts_text")} />
        <div className={styles.row} style={{ marginBottom: 12 }}>
          <TextInput type="search" aria-label={t("accounts_search")} placeholder={t("accounts_search")} w={340} maw="100%" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </div>
        {query.isPending ? <TableBones /> : null}
        {query.isError && rows.length === 0 ? <PaneError title={t("accounts_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isSuccess && rows.length === 0 ? <PaneMessage title={t("search_none", { query: q })} /> : null}
        {rows.length > 0 ? (
          <AccountTable rows={rows} asked={asked} onAsk={setAsked} more={query.hasNextPage ? { isLoading: query.isFetchingNextPage, onMore: () => void query.fetchNextPage() } : null} />
        ) : null}
      </section>
    </div>
  );
}

type TableProps = { rows: AdminAccount[]; asked: Asked; onAsk: (asked: Asked) => void; more: { isLoading: boolean; onMore: () => void } | null };

function AccountTable({ rows, asked, onAsk, more }: TableProps) {
  const t = adminWords.use();
  const me = useMe().account.id;
  const admins = rows.filter((row) => row.staff_role === "sb_admin" && !row.is_disabled).length;
  const roleName = (role: string) => t(`role_${role}` as "role_owner");
  const placesOf = (row: AdminAccount) => row.organizations.map((place) => `${place.name} (${roleName(place.role)})`).join(", ");
  return (
    <Table
      isBoxed
      label={t("section_accounts")}
      rows={rows}
      keyOf={(row) => row.id}
      more={more}
      detail={(row) => (asked?.id === row.id ? <AccountQuestion account={row} what={asked.what} onClose={() => onAsk(null)} /> : null)}
      columns={[
        {
          key: "person",
          name: t("person"),
          look: "strong",
          title: (row) => row.email,
          cell: (row) => (
            <span className={own.personNames}>
              <span>
                {row.name || row.email}
                {row.id === me ? ` (${t("you")})` : ""} {row.is_disabled ? <Chip text={t("disabled")} tone="negative" shape="square" /> : null}
              </span>
              {row.name ? <span className={own.permissionText}>{row.email}</span> : null}
            </span>
          ),
        },
        {
          key: "staff",
          name: t("staff_role"),
          cell: (row) => (
            <Select
              aria-label={t("staff_role_of", { name: row.name || row.email })}
              w={164}
              value={row.staff_role ?? "none"}
              onChange={(value) => value && value !== (row.staff_role ?? "none") && onAsk({ id: row.id, what: { staff_role: value === "none" ? "" : (value as StaffRole) } })}
              data={STAFF.map((name) => ({ value: name, label: t(`staff_${name}`) }))}
            />
          ),
        },
        { key: "organizations", name: t("member_of"), look: "clip", weight: "least", title: placesOf, cell: (row) => placesOf(row) || "–" },
        {
          key: "second_factor",
          name: t("second_factor"),
          weight: "least",
          cell: (row) => (row.has_second_factor ? <StateWord tone="positive" shape="disc" word={t("second_factor_yes")} /> : <StateWord tone="neutral" shape="ring" word={t("second_factor_no")} />),
        },
        { key: "last", name: t("last_sign_in"), look: "soft", weight: "minor", cell: (row) => (row.last_sign_in_at_ms ? <RelativeTime atMs={row.last_sign_in_at_ms} /> : t("never")) },
        {
          key: "actions",
          name: t("actions"),
          look: "actions",
          isNameHidden: true,
          cell: (row) => (
            <>
              {row.has_second_factor ? <ActionButton size="small" label={t("reset_second_factor")} hasText onClick={() => onAsk({ id: row.id, what: "second_factor" })} /> : null}
              {row.is_disabled ? (
                <ActionButton size="small" label={t("enable")} hasText onClick={() => onAsk({ id: row.id, what: "enable" })} />
              ) : (
                <ActionButton
                  size="small"
                  label={t("disable")}
                  hasText
                  isDanger
                  disabledReason={row.id === me ? t("disable_self_reason") : row.staff_role === "sb_admin" && admins <= 1 && !more ? t("last_admin_reason") : null}
                  onClick={() => onAsk({ id: row.id, what: "disable" })}
                />
              )}
            </>
          ),
        },
      ]}
    />
  );
}

function AccountQuestion({ account, what, onClose }: { account: AdminAccount; what: What; onClose: () => void }) {
  const t = adminWords.use();
  const client = useQueryClient();
  const name = account.name || account.email;
  const act = useMutation<unknown, unknown, { isForced: boolean }>({
    mutationFn: ({ isForced }) => {
      if (what === "second_factor") return calls.resetAccountSecondFactor(account.id);
      const change: AccountChange = what === "disable" ? { is_disabled: true, is_forced: isForced } : what === "enable" ? { is_disabled: false } : what;
      return calls.updateAccount(account.id, change);
    },
    onSuccess: async () => {
      onClose();
      await client.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const shared = { isPending: act.isPending, onCancel: onClose };
  // Without this person an organization has nobody who may decide in it: the refusal is the first answer, force the second.
  const isLastOwner = act.error instanceof ApiError && act.error.code === "last_owner";
  if (isLastOwner || act.variables?.isForced === true) {
    const owned = account.organizations.filter((place) => place.role === "owner").map((place) => place.name);
    return (
      <Question
        key="forced"
        text={t("disable_forced_ask", { name, organizations: owned.join(", ") })}
        action={t("disable_forced")}
        typed={{ label: t("disable_forced_type", { email: account.email }), value: account.email, reason: t("disable_forced_type_reason") }}
        error={isLastOwner ? null : act.error}
        onConfirm={() => act.mutate({ isForced: true })}
        {...shared}
      />
    );
  }
  const question =
    what === "disable"
      ? { text: t("disable_ask", { name }), action: t("disable") }
      : what === "enable"
        ? { text: t("enable_ask", { name }), action: t("enable") }
        : what === "second_factor"
          ? { text: t("reset_ask", { name }), action: t("reset_second_factor") }
          : { text: t(`staff_ask_${what.staff_role || "none"}`, { name }), action: t("staff_change") };
  return <Question key="first" {...question} isDanger={what !== "enable"} error={act.error} onConfirm={() => act.mutate({ isForced: false })} {...shared} />;
}
