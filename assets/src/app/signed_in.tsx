// Stands between router and shell: follows the account's language and theme, and leaves when the session ends.
import { useMantineColorScheme } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { cacheOf } from "../api/cache";
import { useSession } from "../api/session";
import { changeLanguage } from "../i18n/words";
import { Shell } from "./shell";

export function SignedIn() {
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
  if (!isSignedIn) return null;
  // Another organization is another application: nothing of the one before stays on screen, in memory or on the live connection.
  const organizationId = session.organization?.id ?? null;
  return (
    <QueryClientProvider key={`${session.account.id}/${organizationId}`} client={cacheOf(session.account.id, organizationId)}>
      <Shell />
    </QueryClientProvider>
  );
}
