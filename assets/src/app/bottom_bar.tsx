// The navigation of a phone: four views and the rest behind "More"; above it a line while the live connection is away.
import { Menu } from "@mantine/core";
import { IconDots, IconLogout } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { isWorking, useSession } from "../api/session";
import { Mark } from "../components/mark";
import { useLiveState } from "../live/provider";
import { useSignOut } from "./account_menu";
import { useCounts } from "./counts";
import { useViews } from "./navigation";
import { OrganizationItems } from "./organization_switcher";
import styles from "./shell.module.css";
import { LIVE_LOOKS } from "./sidebar";
import { appWords } from "./words";

const IN_BAR = 4;
/** Shorter losses, and the moment before the first connection, are not worth moving the page for. */
const LOSS_WORTH_SAYING_MS = 2_000;

export function BottomBar() {
  const t = appWords.use();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const live = useLiveState();
  const isOnline = isWorking(useSession());
  const counts = useCounts();
  const views = useViews();
  const unread = counts.data?.unread ?? 0;
  return (
    <nav className={styles.bottomBar} aria-label={t("navigation")}>
      {views.slice(0, IN_BAR).map((view) => (
        <Link key={view.name} to={view.to} className={styles.tab} activeOptions={{ includeSearch: false }}>
          <view.icon size={20} stroke={1.5} aria-hidden />
          {view.name === "inbox" && unread > 0 ? <span className={styles.tabCount}>{unread > 99 ? "99+" : unread}</span> : null}
          <span>{t(view.name)}</span>
        </Link>
      ))}
      <Menu position="top-end" width={220}>
        <Menu.Target>
          <button type="button" className={styles.tab}>
            <IconDots size={20} stroke={1.5} aria-hidden />
            <span>{t("more")}</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {isOnline ? <Menu.Label>{t(`live_${live}`)}</Menu.Label> : null}
          <OrganizationItems />
          <Menu.Divider />
          {views.slice(IN_BAR).map((view) => (
            <Menu.Item key={view.name} leftSection={<view.icon size={18} stroke={1.5} />} onClick={() => void navigate({ to: view.to })}>
              {t(view.name)}
            </Menu.Item>
          ))}
          <Menu.Item leftSection={<IconLogout size={18} stroke={1.5} />} onClick={() => void signOut()}>
            {t("sign_out")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}

export function LostLine() {
  const t = appWords.use();
  const state = useLiveState();
  const [isShown, setShown] = useState(false);
  const isNeeded = isWorking(useSession());
  const isLost = isNeeded && state !== "connected";
  useEffect(() => {
    const timer = setTimeout(() => setShown(isLost), isLost ? LOSS_WORTH_SAYING_MS : 0);
    return () => clearTimeout(timer);
  }, [isLost]);
  if (!isShown || !isLost) return null;
  return (
    <p className={styles.lost} role="status">
      <Mark {...LIVE_LOOKS[state]} />
      {t(`live_${state}_hint`)}
    </p>
  );
}
