// Stands between router and shell: follows the account's language and theme, and leaves when the session ends.
import { useMantineColorScheme } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { cacheOf } from "../api/cache";
import { useMe, useSession } from "../api/session";
import { changeLanguage } from "../i18n/words";
import { Shell } from "./shell";

export function SignedIn() {
  return useSignedIn() ? (
    <OwnCache>
      <Shell />
    </OwnCache>
  ) : null;
}

/** For pages of someone who is signed in and can do nothing yet. */
export function SignedInAlone() {
  return useSignedIn() ? (
    <OwnCache>
      <Outlet />
    </OwnCache>
  ) : null;
}

/** Another organization is another application: nothing of the one before stays on screen, in memory or on the live connection. */
function OwnCache({ children }: { children: ReactNode }) {
  const { account, organization } = useMe();
  const organizationId = organization?.id ?? null;
  return (
    <QueryClientProvider key={`${account.id}/${organizationId}`} client={cacheOf(account.id, organizationId)}>
      {children}
    </QueryClientProvider>
  );
}

function useSignedIn(): boolean {
  const session = useSession();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const isSignedIn = session.status === "signed_in";
  const language = isSignedIn ? session.account.language : null;
  const theme = isSignedIn ? session.account.theme : null;
  useEffect(() => {
    if (language) changeLanguage(language);
  }, [language]);
  useEffect(() => {
    if (theme) setColorScheme(theme);
    // Mantine hands out a new function with each render; only the account's choice may set the scheme.
  }, [theme]);
  useEffect(() => {
    if (!isSignedIn) void navigate({ to: "/sign-in", search: { next: window.location.pathname + window.location.search } });
  }, [isSignedIn, navigate]);
  // The guard decides where someone may be; it is asked again when an organization or a second factor comes or goes.
  const router = useRouter();
  const standing = isSignedIn ? `${session.organization?.id ?? ""} ${session.is_second_factor_missing}` : "";
  const known = useRef(standing);
  useEffect(() => {
    if (standing !== "" && known.current !== standing) void router.invalidate();
    known.current = standing;
  }, [router, standing]);
  return isSignedIn;
}
