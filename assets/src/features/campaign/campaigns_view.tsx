// All campaigns with their figures, latest activity first.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { campaignsQuery } from "../../api/queries";
import type { Campaign } from "../../api/types";
import { StateWord } from "../../components/mark";
import { ConnectAction } from "../../components/connect_action";
import { Page } from "../../components/page";
import page from "../../components/page.module.css";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { TableBones } from "../../components/skeleton";
import { componentWords } from "../../components/words";
import { useFormat } from "../../i18n/format";
import styles from "./campaign.module.css";
import { CAMPAIGN_LOOKS } from "./looks";
import { Unreliable } from "./unreliable";
import { campaignWords } from "./words";

export function CampaignsView() {
  const t = campaignWords.use();
  const shared = componentWords.use();
  const query = useInfiniteQuery(campaignsQuery());
  const campaigns = query.data?.pages.flatMap((part) => part.rows) ?? [];
  return (
    <Page title={t("title")}>
      {query.isPending ? <TableBones /> : null}
      {query.isError && campaigns.length === 0 ? <PaneError title={t("list_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && campaigns.length === 0 ? <PaneMessage title={t("empty")} text={t("empty_text")} action={<ConnectAction />} /> : null}
      {campaigns.length > 0 ? (
        <div className={page.tableScroll} tabIndex={0} role="region" aria-label={t("title")}>
          <CampaignTable campaigns={campaigns} />
          {query.hasNextPage ? (
            <div className={page.more}>
              <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {shared("load_more")}
              </Button>
            </div>
          ) : null}
        </div>
      ) : null}
    </Page>
  );
}

function CampaignTable({ campaigns }: { campaigns: Campaign[] }) {
  const t = campaignWords.use();
  return (
    <table className={page.table}>
      <thead>
        <tr>
          <th scope="col">{t("name")}</th>
          <th scope="col" className={page.minor}>{t("state")}</th>
          <th scope="col" className={`${page.number} ${page.least}`}>{t("contacts")}</th>
          <th scope="col" className={`${page.number} ${page.minor}`}>{t("sent")}</th>
          <th scope="col" className={page.number}>{t("replied")}</th>
          <th scope="col" className={page.number}>{t("interested")}</th>
          <th scope="col" className={`${page.number} ${page.minor}`}>{t("meetings_booked")}</th>
          <th scope="col" className={`${page.number} ${page.minor}`}>{t("bounced")}</th>
          <th scope="col" className={`${page.number} ${page.minor}`}>{t("unsubscribed")}</th>
          <th scope="col" className={`${page.number} ${page.minor}`}>
            {t("opened")}
            <span className={styles.headUnreliable}>
              <Unreliable />
            </span>
          </th>
          <th scope="col" className={`${page.number} ${page.minor} ${page.least}`}>{t("last_event")}</th>
        </tr>
      </thead>
      <tbody>
        {campaigns.map((campaign) => (
          <CampaignRow key={campaign.id} campaign={campaign} />
        ))}
      </tbody>
    </table>
  );
}

function CampaignRow({ campaign }: { campaign: Campaign }) {
  const t = campaignWords.use();
  const format = useFormat();
  const { counters, rates } = campaign;
  const withRate = (value: number, rate: number | null, minor = "") => (
    <td className={`${page.number} ${minor}`}>
      {format.number(value)}
      <span className={page.rate}>{format.percent(rate)}</span>
    </td>
  );
  return (
    <tr>
      <td className={page.strong} title={campaign.name}>
        <span className={page.phoneMark}>
          <StateWord {...CAMPAIGN_LOOKS[campaign.state]} word="" />
        </span>
        <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }}>
          {campaign.name || t("unnamed")}
        </Link>
      </td>
      <td className={`${page.soft} ${page.minor}`}>
        <StateWord {...CAMPAIGN_LOOKS[campaign.state]} word={t(`state_${campaign.state}`)} />
      </td>
      <td className={`${page.number} ${page.least}`}>{format.number(counters.contacts)}</td>
      <td className={`${page.number} ${page.minor}`}>{format.number(counters.sent)}</td>
      {withRate(counters.replied_contacts, rates.reply_rate)}
      {withRate(counters.interested, rates.interested_rate)}
      <td className={`${page.number} ${page.minor}`}>{format.number(counters.meetings_booked)}</td>
      {withRate(counters.bounced, rates.bounce_rate, page.minor)}
      {withRate(counters.unsubscribed, rates.unsubscribe_rate, page.minor)}
      <td className={`${page.number} ${page.soft} ${page.minor}`}>
        {format.number(counters.opened)}
        <span className={page.rate}>{format.percent(rates.open_rate)}</span>
      </td>
      <td className={`${page.number} ${page.soft} ${page.least}`}>{campaign.last_event_at_ms === 0 ? "–" : <RelativeTime atMs={campaign.last_event_at_ms} />}</td>
    </tr>
  );
}
