// Campaigns and mailboxes of all organizations: whose they are, whether they work, and the figures one compares them by.
import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { adminCampaignsQuery, adminMailboxesQuery } from "../../api/organization_queries";
import type { AdminCampaign, AdminMailbox, OfOrganization } from "../../api/organization_types";
import type { Page } from "../../api/types";
import { StateWord } from "../../components/mark";
import page from "../../components/page.module.css";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table, type Column } from "../../components/table";
import { useFormat } from "../../i18n/format";
import { CAMPAIGN_LOOKS } from "../campaign/looks";
import { campaignWords } from "../campaign/words";
import { MAILBOX_LOOKS } from "../mailbox/looks";
import { mailboxWords } from "../mailbox/words";
import { adminWords } from "./words";

type SectionProps<Row> = {
  title: string;
  text: string;
  words: { error: string; empty: string; emptyText: string };
  query: UseInfiniteQueryResult<InfiniteData<Page<Row>>>;
  columns: readonly Column<Row>[];
};

function AcrossSection<Row extends OfOrganization<{ id: string }>>({ title, text, words, query, columns }: SectionProps<Row>) {
  const t = adminWords.use();
  const rows = query.data?.pages.flatMap((part) => part.rows) ?? [];
  const organization: Column<Row> = { key: "organization", name: t("organization"), look: "clip", title: (row) => row.organization_name, cell: (row) => row.organization_name };
  const [first, ...others] = columns;
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead title={title} text={text} />
        {query.isPending ? <TableBones /> : null}
        {query.isError && rows.length === 0 ? <PaneError title={words.error} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.isSuccess && rows.length === 0 ? <PaneMessage title={words.empty} text={words.emptyText} /> : null}
        {rows.length > 0 && first ? (
          <Table
            isBoxed
            label={title}
            rows={rows}
            keyOf={(row) => `${row.organization_id} ${row.id}`}
            columns={[first, organization, ...others]}
            more={query.hasNextPage ? { isLoading: query.isFetchingNextPage, onMore: () => void query.fetchNextPage() } : null}
          />
        ) : null}
      </section>
    </div>
  );
}

const lastOf = (atMs: number): ReactNode => (atMs === 0 ? "–" : <RelativeTime atMs={atMs} />);

export function CampaignsSection() {
  const t = adminWords.use();
  const words = campaignWords.use();
  const format = useFormat();
  const query = useInfiniteQuery(adminCampaignsQuery());
  const withRate = (value: number, rate: number | null) => (
    <span>
      {format.number(value)}
      <span className={page.rate}>{format.percent(rate)}</span>
    </span>
  );
  const columns: readonly Column<AdminCampaign>[] = [
    { key: "name", name: words("name"), look: "strong", title: (row) => row.name, cell: (row) => row.name || words("unnamed") },
    { key: "state", name: words("state"), cell: (row) => <StateWord {...CAMPAIGN_LOOKS[row.state]} word={words(`state_${row.state}`)} /> },
    { key: "contacts", name: words("contacts"), look: "number", weight: "least", cell: (row) => format.number(row.counters.contacts) },
    { key: "sent", name: words("sent"), look: "number", weight: "minor", cell: (row) => format.number(row.counters.sent) },
    { key: "replied", name: words("replied"), look: "number", cell: (row) => withRate(row.counters.replied_contacts, row.rates.reply_rate) },
    { key: "bounced", name: words("bounced"), look: "number", weight: "minor", cell: (row) => withRate(row.counters.bounced, row.rates.bounce_rate) },
    { key: "last", name: words("last_event"), look: "soft", weight: "least", cell: (row) => lastOf(row.last_event_at_ms) },
  ];
  return (
    <AcrossSection
      title={t("section_campaigns")}
      text={t("campaigns_text")}
      words={{ error: t("campaigns_error"), empty: t("campaigns_empty"), emptyText: t("campaigns_empty_text") }}
      query={query}
      columns={columns}
    />
  );
}

export function MailboxesSection() {
  const t = adminWords.use();
  const words = mailboxWords.use();
  const format = useFormat();
  const query = useInfiniteQuery(adminMailboxesQuery());
  const columns: readonly Column<AdminMailbox>[] = [
    { key: "address", name: words("address"), look: "strong", title: (row) => row.address, cell: (row) => row.address },
    {
      key: "state",
      name: words("state"),
      title: (row) => row.state_reason || undefined,
      cell: (row) => <StateWord {...MAILBOX_LOOKS[row.state]} word={words(`state_${row.state}`)} />,
    },
    { key: "today", name: words("today_sent"), look: "number", weight: "minor", cell: (row) => format.number(row.today.sent) },
    { key: "sent", name: words("sent"), look: "number", cell: (row) => format.number(row.counters.sent) },
    { key: "received", name: words("received"), look: "number", weight: "minor", cell: (row) => format.number(row.counters.received) },
    { key: "bounced", name: words("bounced"), look: "number", cell: (row) => format.number(row.counters.bounced) },
    { key: "last", name: words("last_event"), look: "soft", weight: "least", cell: (row) => lastOf(row.last_event_at_ms) },
  ];
  return (
    <AcrossSection
      title={t("section_mailboxes")}
      text={t("mailboxes_text")}
      words={{ error: t("mailboxes_error"), empty: t("mailboxes_empty"), emptyText: t("mailboxes_empty_text") }}
      query={query}
      columns={columns}
    />
  );
}
