// Views with unread counts, labels, mailboxes with their state, live state and account.
import { Tooltip } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { mailboxesQuery } from "../api/queries";
import { isWorking, useMe, useSession } from "../api/session";
import { ActionButton } from "../components/action_button";
import { Mark, type Shape, type Tone } from "../components/mark";
import { describeKeys } from "../components/shortcut_keys";
import { useStoredState } from "../components/stored_state";
import { useIsNarrow } from "../components/viewport";
import { componentWords } from "../components/words";
import { CATEGORY_LOOKS, SIDEBAR_CATEGORIES } from "../features/inbox/categories";
import { inboxWords } from "../features/inbox/words";
import { MAILBOX_LOOKS } from "../features/mailbox/looks";
import { shortenAddresses } from "../features/mailbox/short_names";
import { useFormat } from "../i18n/format";
import { useShownBindings } from "../keyboard/bindings";
import type { LiveState } from "../live/connection";
import { useLiveState } from "../live/provider";
import { AccountMenu } from "./account_menu";
import { useCounts } from "./counts";
import { useViews } from "./navigation";
import { OrganizationSwitcher } from "./organization_switcher";
import styles from "./shell.module.css";
import { appWords } from "./words";

export const LIVE_LOOKS: Record<LiveState, { tone: Tone; shape: Shape }> = {
  connected: { tone: "positive", shape: "disc" },
  reconnecting: { tone: "caution", shape: "half" },
  offline: { tone: "negative", shape: "square" },
};

export function Sidebar() {
  const t = appWords.use();
  const { permissions } = useMe();
  const isNarrow = useIsNarrow();
  const [isWideFolded, setWideFolded] = useStoredState("sidebar_wide_folded", false);
  const [isNarrowFolded, setNarrowFolded] = useStoredState("sidebar_narrow_folded", true);
  const isFolded = isNarrow ? isNarrowFolded : isWideFolded;
  const setFolded = isNarrow ? setNarrowFolded : setWideFolded;
  return (
    <header className={styles.sidebar} data-folded={isFolded}>
      <div className={styles.brand}>
        <OrganizationSwitcher isFolded={isFolded} />
        <ActionButton
          size="small"
          icon={isFolded ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse}
          label={isFolded ? t("sidebar_unfold") : t("sidebar_fold")}
          isExpanded={!isFolded}
          onClick={() => setFolded(!isFolded)}
        />
      </div>
      <nav className={styles.navigation} aria-label={t("navigation")}>
        <Views isFolded={isFolded} />
        {isFolded || !permissions.includes("inbox.read") ? null : <Labels />}
        {isFolded || !permissions.includes("campaigns.read") ? null : <Mailboxes />}
      </nav>
      <div className={styles.foot}>
        <LiveLine />
        <AccountMenu isFolded={isFolded} />
      </div>
    </header>
  );
}

function Views({ isFolded }: { isFolded: boolean }) {
  const t = appWords.use();
  const shared = componentWords.use();
  const bindings = useShownBindings();
  const counts = useCounts();
  return (
    <ul className={styles.group}>
      {useViews().map((view) => {
        const unread = view.name === "inbox" ? (counts.data?.unread ?? 0) : 0;
        const keys = describeKeys(bindings[view.command], shared);
        return (
          <li key={view.name}>
            <Tooltip label={keys === null ? t(view.name) : `${t(view.name)} · ${keys}`} position="right">
              <Link to={view.to} className={styles.item} aria-label={isFolded ? `${t(view.name)}${unread > 0 ? `, ${t("unread_count", { count: unread })}` : ""}` : undefined} activeOptions={{ includeSearch: false }}>
                <view.icon size={18} stroke={1.5} aria-hidden />
                {isFolded ? null : <span className={styles.itemName}>{t(view.name)}</span>}
                {unread > 0 && !isFolded ? <UnreadCount count={unread} cap={counts.data?.cap} /> : null}
                {unread > 0 && isFolded ? <span className={styles.foldedDot} /> : null}
              </Link>
            </Tooltip>
          </li>
        );
      })}
    </ul>
  );
}

export function UnreadCount({ count, cap }: { count: number; cap?: number }) {
  const t = appWords.use();
  const format = useFormat();
  return (
    <span className={styles.count}>
      <span aria-hidden="true">
        {format.number(count)}
        {cap !== undefined && count >= cap ? "+" : ""}
      </span>
      <span className="visually-hidden">{t("unread_count", { count })}</span>
    </span>
  );
}

function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.group}>
      <h2 className={styles.groupName}>{name}</h2>
      <ul>{children}</ul>
    </div>
  );
}

function Labels() {
  const t = appWords.use();
  const words = inboxWords.use();
  const counts = useCounts();
  const shown = SIDEBAR_CATEGORIES.map((category) => ({ category, unread: counts.data?.categories.find((row) => row.category === category)?.unread ?? 0 }));
  return (
    <Group name={t("labels")}>
      {shown.map(({ category, unread }) => (
        <li key={category}>
          <Link to="/inbox" search={{ category }} className={`${styles.item} ${styles.small}`} activeOptions={{ includeSearch: true }}>
            <span className={styles.markBox}>
              <Mark {...CATEGORY_LOOKS[category]} />
            </span>
            <span className={styles.itemName}>{words(`category_${category}`)}</span>
            {unread > 0 ? <UnreadCount count={unread} cap={counts.data?.cap} /> : null}
          </Link>
        </li>
      ))}
    </Group>
  );
}

function Mailboxes() {
  const t = appWords.use();
  const mailboxes = useQuery(mailboxesQuery());
  const names = useMemo(() => shortenAddresses((mailboxes.data ?? []).map((mailbox) => mailbox.address)), [mailboxes.data]);
  if (!mailboxes.data || mailboxes.data.length === 0) return null;
  return (
    <Group name={t("mailboxes")}>
      {mailboxes.data.map((mailbox) => (
        <li key={mailbox.id}>
          <Link
            to="/inbox"
            search={{ mailbox_id: mailbox.id }}
            className={`${styles.item} ${styles.small}`}
            activeOptions={{ includeSearch: true }}
            title={`${mailbox.address}: ${t(`state_${mailbox.state}`)}${mailbox.state_reason ? ` – ${mailbox.state_reason}` : ""}`}
          >
            <span className={styles.markBox}>
              <Mark {...MAILBOX_LOOKS[mailbox.state]} />
            </span>
            <span className={styles.itemName} aria-hidden="true">
              {names.get(mailbox.address)?.local}
              <span className={styles.itemRest}>{names.get(mailbox.address)?.rest}</span>
            </span>
            <span className="visually-hidden">{`${mailbox.address}, ${t(`state_${mailbox.state}`)}`}</span>
            {mailbox.unread_count > 0 ? <UnreadCount count={mailbox.unread_count} /> : null}
          </Link>
        </li>
      ))}
    </Group>
  );
}

export function LiveLine() {
  const t = appWords.use();
  const state = useLiveState();
  if (!isWorking(useSession())) return null;
  return (
    <Tooltip label={t(`live_${state}_hint`)} position="right">
      <div className={styles.live} role="status" data-state={state}>
        <span className={styles.markBox}>
          <Mark {...LIVE_LOOKS[state]} />
        </span>
        <span>{t(`live_${state}`)}</span>
      </div>
    </Tooltip>
  );
}
