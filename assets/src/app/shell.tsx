// The frame of every signed-in view: sidebar or bottom bar, live connection, keyboard, help, palette and notices.
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useMe } from "../api/session";
import { PaneMessage } from "../components/pane_message";
import { useIsPhone } from "../components/viewport";
import { Toasts } from "../components/toast";
import { useCommand, useKeyboard } from "../keyboard/commands";
import { LiveProvider } from "../live/provider";
import { BottomBar, LostLine } from "./bottom_bar";
import { useDocumentTitle } from "./document_title";
import { GuestBar } from "./guest_bar";
import { useRefusedView } from "./navigation";
import styles from "./shell.module.css";
import { Sidebar } from "./sidebar";
import { useFreshMe } from "./switch_organization";
import { appWords } from "./words";

const Help = lazy(() => import("./help"));
const Palette = lazy(() => import("./palette"));

export function Shell() {
  const t = appWords.use();
  const navigate = useNavigate();
  const isPhone = useIsPhone();
  const isStaff = useMe().permissions.includes("appliance.operate");
  const [overlay, setOverlay] = useState<"help" | "palette" | null>(null);
  useKeyboard();
  useDocumentTitle();
  useCommand("go_inbox", () => void navigate({ to: "/inbox" }));
  useCommand("go_campaigns", () => void navigate({ to: "/campaigns" }));
  useCommand("go_mailboxes", () => void navigate({ to: "/mailboxes" }));
  useCommand("go_feed", () => void navigate({ to: "/feed" }));
  useCommand("go_settings", () => void navigate({ to: "/settings" }));
  useCommand("go_admin", isStaff ? () => void navigate({ to: "/admin" }) : null);
  useCommand("search", () => void navigate({ to: "/search", search: { q: "" } }));
  useCommand("help", () => setOverlay("help"));
  useCommand("palette", () => setOverlay("palette"));
  return (
    <LiveProvider>
      <div className={styles.shell}>
        <a className={styles.skip} href="#main">
          {t("skip")}
        </a>
        {isPhone ? null : <Sidebar />}
        <div className={styles.column}>
          <GuestBar />
          <main id="main" className={styles.main} tabIndex={-1} aria-label={t("main")}>
            <AllowedView />
          </main>
        </div>
        {isPhone ? (
          <>
            <LostLine />
            <BottomBar />
          </>
        ) : null}
      </div>
      <FreshMe />
      <Toasts />
      <Suspense fallback={null}>
        {overlay === "help" ? <Help onClose={() => setOverlay(null)} /> : null}
        {overlay === "palette" ? <Palette onClose={() => setOverlay(null)} /> : null}
      </Suspense>
    </LiveProvider>
  );
}

/** Below the live connection, whose breaking it listens to. */
function FreshMe() {
  useFreshMe();
  return null;
}

function AllowedView() {
  const t = appWords.use();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const refused = useRefusedView(path);
  const { organization } = useMe();
  if (refused === null) return <Outlet />;
  return (
    <div className={styles.full}>
      <PaneMessage isPage title={t(refused.name)} text={organization ? t("view_refused", { organization: organization.name }) : t("view_refused_nowhere")} />
    </div>
  );
}
