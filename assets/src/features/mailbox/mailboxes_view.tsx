// The sending addresses: state with its reason, what they did today, what is unread.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { mailboxesQuery } from "../../api/queries";
import type { Mailbox } from "../../api/types";
import { StateWord } from "../../components/mark";
import { ConnectAction } from "../../components/connect_action";
import { Page } from "../../components/page";
import page from "../../components/page.module.css";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { TableBones } from "../../components/skeleton";
import { useFormat } from "../../i18n/format";
import { MAILBOX_LOOKS } from "./looks";
import styles from "./mailbox.module.css";
import { mailboxWords } from "./words";

export function MailboxesView() {
  const t = mailboxWords.use();
  const query = useQuery(mailboxesQuery());
  return (
    <Page title={t("title")}>
      {query.isPending ? <TableBones rows={4} /> : null}
      {query.isError && !query.data ? <PaneError title={t("error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.data?.length === 0 ? <PaneMessage title={t("empty")} text={t("empty_text")} action={<ConnectAction />} /> : null}
      {query.data && query.data.length > 0 ? (
        <div className={page.tableScroll} tabIndex={0} role="region" aria-label={t("title")}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{t("address")}</th>
                <th scope="col">{t("state")}</th>
                <th scope="col" className={page.number}>{t("unread")}</th>
                <th scope="col" className={page.number}>{t("today_sent")}</th>
                <th scope="col" className={page.number}>{t("today_received")}</th>
                <th scope="col" className={page.number}>{t("sent")}</th>
                <th scope="col" className={page.number}>{t("received")}</th>
                <th scope="col" className={page.number}>{t("bounced")}</th>
                <th scope="col" className={page.number}>{t("last_event")}</th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((mailbox) => (
                <MailboxRow key={mailbox.id} mailbox={mailbox} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </Page>
  );
}

function MailboxRow({ mailbox }: { mailbox: Mailbox }) {
  const t = mailboxWords.use();
  const format = useFormat();
  return (
    <tr>
      <td className={styles.address}>
        <Link to="/inbox" search={{ mailbox_id: mailbox.id }} title={t("open", { address: mailbox.address })}>
          {mailbox.address}
        </Link>
      </td>
      <td title={mailbox.state_at_ms === 0 ? undefined : t("since", { time: format.dateTime(mailbox.state_at_ms) })}>
        <span className={styles.state}>
          <StateWord {...MAILBOX_LOOKS[mailbox.state]} word={t(`state_${mailbox.state}`)} />
          {mailbox.state_reason ? (
            <span className={styles.reason} title={mailbox.state_reason}>
              {mailbox.state_reason}
            </span>
          ) : null}
        </span>
      </td>
      <td className={page.number}>{format.number(mailbox.unread_count)}</td>
      <td className={page.number}>{format.number(mailbox.today.sent)}</td>
      <td className={page.number}>{format.number(mailbox.today.received)}</td>
      <td className={page.number}>{format.number(mailbox.counters.sent)}</td>
      <td className={page.number}>{format.number(mailbox.counters.received)}</td>
      <td className={page.number}>{format.number(mailbox.counters.bounced)}</td>
      <td className={`${page.number} ${page.soft}`}>{mailbox.last_event_at_ms === 0 ? "–" : <RelativeTime atMs={mailbox.last_event_at_ms} />}</td>
    </tr>
  );
}
