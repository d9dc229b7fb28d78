// One campaign: figures with their base, sent and replies per day, latest messages.
import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowLeft, IconChartBar, IconTable } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { campaignDaysQuery, campaignMessagesQuery, campaignQuery } from "../../api/queries";
import type { Campaign, CampaignDay } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Mark, StateWord } from "../../components/mark";
import { Page } from "../../components/page";
import page from "../../components/page.module.css";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { TableBones } from "../../components/skeleton";
import { useFormat, useNow } from "../../i18n/format";
import styles from "./campaign.module.css";
import { fillDays, nextDay } from "./fill_days";
import { CAMPAIGN_LOOKS } from "./looks";
import { FigureValue, PeriodFigures } from "./period_figures";
import { searchFor } from "./rows_behind";
import { Unreliable } from "./unreliable";
import { campaignWords } from "./words";

const DailyChart = lazy(() => import("./daily_chart"));

export function CampaignView() {
  const t = campaignWords.use();
  const navigate = useNavigate();
  const { campaignId } = useParams({ from: "/app/campaigns/$campaignId" });
  const query = useQuery(campaignQuery(campaignId));
  const campaign = query.data;
  return (
    <Page
      title={campaign ? campaign.name || t("unnamed") : t("campaign")}
      before={<ActionButton icon={IconArrowLeft} label={t("back")} onClick={() => void navigate({ to: "/campaigns" })} />}
      after={campaign ? <StateWord {...CAMPAIGN_LOOKS[campaign.state]} word={t(`state_${campaign.state}`)} /> : null}
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/inbox" search={{ campaign_id: campaignId }} {...props} />}>
          {t("open_inbox")}
        </Button>
      }
    >
      {query.isPending ? <TableBones /> : null}
      {query.isError && !campaign ? <PaneError title={t("error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {campaign ? (
        <div className={page.tableScroll} tabIndex={0} role="region" aria-label={campaign.name || t("unnamed")}>
          <Figures campaign={campaign} />
          <Days campaign={campaign} />
          <Messages campaignId={campaignId} />
        </div>
      ) : null}
    </Page>
  );
}

function Figures({ campaign }: { campaign: Campaign }) {
  const t = campaignWords.use();
  const format = useFormat();
  const { counters, rates } = campaign;
  const ofSent = t("of_sent", { n: format.number(counters.sent) });
  const ofContacts = t("of_contacts", { n: format.number(counters.contacts) });
  const rows = searchFor(campaign.name);
  const booked = "category:meeting_booked category:meeting_completed category:won";
  // Replies, interest and unsubscriptions are counted per person, bounces and opens per message; each note names its base.
  const figures = [
    { name: t("sent"), value: format.number(counters.sent), note: t("to_contacts", { n: format.number(counters.contacts) }), query: "in:sent" },
    { name: t("replied"), value: format.percent(rates.reply_rate), note: `${format.number(counters.replied_contacts)} ${ofContacts}`, query: "in:received" },
    { name: t("interested"), value: format.percent(rates.interested_rate), note: `${format.number(counters.interested)} ${ofContacts}`, query: `category:interested ${booked}` },
    { name: t("meetings_booked"), value: format.number(counters.meetings_booked), note: ofContacts, query: booked },
    { name: t("bounced"), value: format.percent(rates.bounce_rate), note: `${format.number(counters.bounced)} ${ofSent}`, query: "category:bounced" },
    { name: t("unsubscribed"), value: format.percent(rates.unsubscribe_rate), note: `${format.number(counters.unsubscribed)} ${ofContacts}`, query: "category:unsubscribed" },
    { name: t("opened"), value: format.percent(rates.open_rate), note: `${format.number(counters.opened)} ${ofSent}`, isUnreliable: true },
  ];
  return (
    <section aria-label={t("total")}>
      <h2 className={styles.figuresTitle}>{t("total")}</h2>
      <div className={styles.figures}>
        {figures.map((figure) => (
          <div key={figure.name} className={styles.figure}>
            <div className={styles.figureName}>
              {figure.name}
              {figure.isUnreliable ? <Unreliable /> : null}
            </div>
            <div className={styles.figureLine}>
              <FigureValue query={rows && figure.query ? `${rows} ${figure.query}` : null}>{figure.value}</FigureValue>
            </div>
            <div className={styles.figureNote}>{figure.note}</div>
          </div>
        ))}
      </div>
      {campaign.is_synced ? null : (
        <div className={`${styles.section} ${styles.synced}`}>
          <StateWord tone="information" shape="ring" word={t("not_synced")} />
        </div>
      )}
    </section>
  );
}

function Days({ campaign }: { campaign: Campaign }) {
  const t = campaignWords.use();
  const navigate = useNavigate();
  const [days, setDays] = useState(30);
  const [isTable, setTable] = useState(false);
  // Twice the period: the first half is what the second is compared with.
  const query = useQuery({ ...campaignDaysQuery(campaign.id, days * 2), placeholderData: keepPreviousData });
  const now = useNow();
  const all = useMemo(() => fillDays(query.data ?? [], days * 2, now), [query.data, days, now]);
  const rows = all.slice(days);
  const search = searchFor(campaign.name);
  const showDay = (day: string) => {
    if (search) void navigate({ to: "/search", search: { q: `${search} after:${day} before:${nextDay(day)}` } });
  };
  const isEmpty = query.isSuccess && rows.every((row) => row.sent === 0 && row.replied === 0);
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{t("per_day")}</h2>
        <div className={page.actions}>
          <ActionButton
            icon={isTable ? IconChartBar : IconTable}
            label={isTable ? t("show_chart") : t("show_table")}
            onClick={() => setTable(!isTable)}
          />
          <SegmentedControl
            aria-label={t("per_day")}
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            data={[30, 90].map((count) => ({ value: String(count), label: t("last_days", { days: count }) }))}
          />
        </div>
      </div>
      {query.isError ? <PaneError title={t("days_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {isEmpty ? <p className={styles.note}>{t("days_empty", { days })}</p> : null}
      {query.isSuccess ? <PeriodFigures name={campaign.name} days={rows} before={all.slice(0, days)} /> : <div className={styles.periodPlace} />}
      {!isEmpty && !query.isError && !isTable ? (
          <Suspense fallback={<div className={styles.chart} />}>{query.isSuccess ? <DailyChart days={rows} onDay={search ? showDay : null} /> : <div className={styles.chart} />}</Suspense>
      ) : null}
      {!isEmpty && isTable ? <DayTable rows={rows} /> : null}
    </section>
  );
}

function DayTable({ rows }: { rows: CampaignDay[] }) {
  const t = campaignWords.use();
  const format = useFormat();
  return (
    <div className={styles.dayTable} tabIndex={0} role="region" aria-label={t("per_day")}>
      <table className={page.table}>
        <thead>
          <tr>
            <th scope="col">{t("day")}</th>
            <th scope="col" className={page.number}>{t("sent")}</th>
            <th scope="col" className={page.number}>{t("replied")}</th>
            <th scope="col" className={page.number}>{t("auto_replied")}</th>
            <th scope="col" className={page.number}>{t("bounced")}</th>
            <th scope="col" className={page.number}>{t("unsubscribed")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map((row) => (
            <tr key={row.day}>
              <td>{format.plainDay(row.day)}</td>
              <td className={page.number}>{format.number(row.sent)}</td>
              <td className={page.number}>{format.number(row.replied)}</td>
              <td className={page.number}>{format.number(row.auto_replied)}</td>
              <td className={page.number}>{format.number(row.bounced)}</td>
              <td className={page.number}>{format.number(row.unsubscribed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Messages({ campaignId }: { campaignId: string }) {
  const t = campaignWords.use();
  const query = useQuery(campaignMessagesQuery(campaignId));
  const messages = query.data ?? [];
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{t("messages")}</h2>
      </div>
      {query.isError ? <PaneError title={t("messages_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && messages.length === 0 ? <p className={styles.note}>{t("messages_empty")}</p> : null}
      <ul>
        {messages.map((message) => {
          const person = message.direction === "in" ? message.from : message.to;
          const name = person.name || person.address;
          return (
            <li key={message.id}>
              <Link to="/inbox/$conversationId" params={{ conversationId: message.conversation_id }} search={{ campaign_id: campaignId }} className={styles.message}>
                <Mark tone={message.direction === "in" ? "positive" : "neutral"} shape={message.direction === "in" ? "disc" : "dash"} size={8} />
                <span>{message.direction === "in" ? name : t("to_prefix", { name })}</span>
                <span className={styles.messageText}>
                  <span className={styles.messageSubject}>{message.subject || t("no_subject")}</span> – {message.text.replace(/\s+/g, " ").slice(0, 160)}
                </span>
                <span className={styles.messageTime}>
                  <RelativeTime atMs={message.occurred_at_ms} />
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
