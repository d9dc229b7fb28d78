// All organizations of the appliance with size, activity and health; one opens for its connections, and staff can enter it.
import { Select, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { adminOrganizationQuery, adminOrganizationsQuery } from "../../api/organization_queries";
import type { AdminOrganization, OrganizationSort } from "../../api/organization_types";
import { useMe } from "../../api/session";
import { useSwitchOrganization } from "../../app/switch_organization";
import { ActionButton } from "../../components/action_button";
import { StateWord, type Shape, type Tone } from "../../components/mark";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { Question } from "../../components/question";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import { useFormat } from "../../i18n/format";
import { useQuiet } from "../../components/quiet";
import { DeletionPart } from "./deletion_part";
import { adminWords } from "./words";

const SORTS = ["name", "created", "activity", "size"] as const;
const HEALTH: Record<AdminOrganization["health"], { tone: Tone; shape: Shape }> = {
  ok: { tone: "positive", shape: "disc" },
  failed: { tone: "negative", shape: "triangle" },
  closed: { tone: "neutral", shape: "ring" },
};
type Open = { id: string; what: "detail" | "enter" } | null;

export function OrganizationsSection() {
  const t = adminWords.use();
  const [typed, setTyped] = useState("");
  const [sort, setSort] = useState<OrganizationSort>("activity");
  const [open, setOpen] = useState<Open>(null);
  const q = useQuiet(typed.trim());
  const query = useInfiniteQuery(adminOrganizationsQuery(q, sort));
  const rows = query.data?.pages.flatMap((part) => part.rows) ?? [];
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead title={t("section_organizations")} text={t("organizations_text")} />
        <div className={styles.row} style={{ marginBottom: 12 }}>
          <TextInput type="search" aria-label={t("organizations_search")} placeholder={t("organizations_search")} w={260} value={typed} onChange={(event) => setTyped(event.target.value)} />
          <Select aria-label={t("sort")} w={240} value={sort} onChange={(value) => setSort((value ?? "activity") as OrganizationSort)} data={SORTS.map((name) => ({ value: name, label: t(`sort_${name}`) }))} />
        </div>
        {query.isPending ? <TableBones /> : null}
        {query.isError && rows.length === 0 ? <PaneError title={t("organizations_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isSuccess && rows.length === 0 ? <PaneMessage title={q === "" ? t("organizations_empty") : t("search_none", { query: q })} /> : null}
        {rows.length > 0 ? (
          <OrganizationTable
            rows={rows}
            sort={sort}
            onSort={setSort}
            open={open}
            onOpen={setOpen}
            more={query.hasNextPage ? { isLoading: query.isFetchingNextPage, onMore: () => void query.fetchNextPage() } : null}
          />
        ) : null}
      </section>
    </div>
  );
}

type TableProps = {
  rows: AdminOrganization[];
  sort: OrganizationSort;
  onSort: (sort: OrganizationSort) => void;
  open: Open;
  onOpen: (open: Open) => void;
  more: { isLoading: boolean; onMore: () => void } | null;
};

function OrganizationTable({ rows, sort, onSort, open, onOpen, more }: TableProps) {
  const t = adminWords.use();
  const format = useFormat();
  const here = useMe().organization?.id;
  const sortBy = (name: OrganizationSort) => ({ isSorted: sort === name, onSort: () => onSort(name) });
  return (
    <Table
      isBoxed
      label={t("section_organizations")}
      rows={rows}
      keyOf={(row) => row.id}
      more={more}
      detail={(row) => {
        if (open?.id !== row.id) return null;
        return open.what === "enter" ? <Enter organization={row} onClose={() => onOpen(null)} /> : <Detail organization={row} onClose={() => onOpen(null)} />;
      }}
      columns={[
        { key: "name", name: t("organization"), look: "strong", sort: sortBy("name"), title: (row) => row.name, cell: (row) => row.name },
        { key: "health", name: t("health"), title: (row) => row.health_detail || undefined, cell: (row) => <Health organization={row} /> },
        { key: "members", name: t("members"), look: "number", weight: "least", cell: (row) => format.number(row.members) },
        { key: "messages", name: t("messages"), look: "number", weight: "minor", cell: (row) => (row.figures ? format.number(row.figures.messages) : "–") },
        { key: "size", name: t("size"), look: "number", weight: "minor", sort: sortBy("size"), cell: (row) => (row.figures ? format.bytes(row.figures.bytes) : "–") },
        { key: "connections", name: t("connections"), look: "number", weight: "least", cell: (row) => format.number(row.connections) },
        {
          key: "activity",
          name: t("latest"),
          look: "soft",
          weight: "minor",
          sort: sortBy("activity"),
          cell: (row) => (row.figures?.last_event_at_ms ? <RelativeTime atMs={row.figures.last_event_at_ms} /> : "–"),
        },
        {
          key: "actions",
          name: t("actions"),
          look: "actions",
          isNameHidden: true,
          cell: (row) => (
            <>
              <ActionButton
                size="small"
                label={t("details")}
                hasText
                isExpanded={open?.id === row.id && open.what === "detail"}
                onClick={() => onOpen(open?.id === row.id && open.what === "detail" ? null : { id: row.id, what: "detail" })}
              />
              <ActionButton
                size="small"
                label={t("enter")}
                hasText
                disabledReason={row.delete_after_ms !== null ? t("enter_ending") : row.id === here ? t("enter_here") : null}
                onClick={() => onOpen({ id: row.id, what: "enter" })}
              />
            </>
          ),
        },
      ]}
    />
  );
}

function Health({ organization }: { organization: AdminOrganization }) {
  const t = adminWords.use();
  const format = useFormat();
  if (organization.delete_after_ms !== null) {
    return (
      <span title={t("ending_on", { date: format.dateTime(organization.delete_after_ms) })}>
        <StateWord tone="caution" shape="dash" word={t("ending")} />
      </span>
    );
  }
  return <StateWord {...HEALTH[organization.health]} word={t(`health_${organization.health}`)} />;
}

function Enter({ organization, onClose }: { organization: AdminOrganization; onClose: () => void }) {
  const t = adminWords.use();
  const { staff_role } = useMe();
  const switchTo = useSwitchOrganization();
  const enter = useMutation({ mutationFn: () => switchTo(organization.id) });
  return (
    <Question
      isDanger={false}
      text={staff_role === "sb_operator" ? t("enter_ask_operator", { name: organization.name }) : t("enter_ask", { name: organization.name })}
      action={t("enter_action")}
      isPending={enter.isPending}
      error={enter.error}
      onConfirm={() => enter.mutate()}
      onCancel={onClose}
    />
  );
}

function Detail({ organization, onClose }: { organization: AdminOrganization; onClose: () => void }) {
  const t = adminWords.use();
  const mayDelete = useMe().permissions.includes("appliance.administer");
  const format = useFormat();
  const query = useQuery(adminOrganizationQuery(organization.id));
  const { figures } = organization;
  return (
    <div className={styles.gap} style={{ gap: 12 }}>
      {organization.delete_after_ms === null ? null : <p className={styles.notice}>{t("ending_on", { date: format.dateTime(organization.delete_after_ms) })}</p>}
      <p className={styles.soft}>
        {figures
          ? t("figures", {
              conversations: format.number(figures.conversations),
              contacts: format.number(figures.contacts),
              campaigns: format.number(figures.campaigns),
              mailboxes: format.number(figures.mailboxes),
              time: organization.figures_at_ms ? format.dateTime(organization.figures_at_ms) : "–",
            })
          : t("figures_none")}{" "}
        {t("created_on", { date: format.date(organization.created_at_ms) })}
      </p>
      {organization.health_detail ? <p className={styles.error}>{organization.health_detail}</p> : null}
      {query.isPending ? <TableBones rows={2} /> : null}
      {query.isError ? <PaneError title={t("detail_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.connection_list.length === 0 ? <p className={styles.soft}>{t("connections_none")}</p> : null}
      {query.data && query.data.connection_list.length > 0 ? (
        <Table
          isBoxed
          label={t("connections_of", { name: organization.name })}
          rows={query.data.connection_list}
          keyOf={(connection) => connection.id}
          columns={[
            { key: "name", name: t("connection"), look: "strong", title: (connection) => connection.name, cell: (connection) => (connection.is_shared ? t("connection_shared", { name: connection.name }) : connection.name) },
            { key: "events", name: t("events"), look: "number", cell: (connection) => format.number(connection.event_count) },
            {
              key: "state",
              name: t("last_event"),
              cell: (connection) =>
                connection.last_event_at_ms ? (
                  <span style={{ display: "inline-flex", gap: 7, alignItems: "center" }}>
                    <StateWord tone="positive" shape="disc" word="" />
                    <RelativeTime atMs={connection.last_event_at_ms} />
                  </span>
                ) : (
                  <StateWord tone="caution" shape="ring" word={t("no_event")} />
                ),
            },
          ]}
        />
      ) : null}
      <p className={`${styles.soft} ${styles.small}`}>
        {t("id")}: <code>{organization.id}</code>
      </p>
      {mayDelete ? <DeletionPart organization={organization} onDeleted={onClose} /> : null}
    </div>
  );
}
