// An invitation: what organization, which role, for whom; accepted by whoever is signed in, or after signing in.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import * as accountCalls from "../../api/account_calls";
import { invitationQuery } from "../../api/account_queries";
import type { InvitationShown } from "../../api/account_types";
import * as calls from "../../api/calls";
import { ApiError } from "../../api/client";
import { endSession, refreshSession, useSession } from "../../api/session";
import { PaneError } from "../../components/pane_message";
import { useFormat } from "../../i18n/format";
import { useEnter } from "./enter";
import { useHashToken } from "./hash_token";
import { forgetInvitation, keepInvitation, readInvitation } from "./kept";
import { FormError, LinkButton, MessageScreen, Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function InvitationView() {
  const t = sessionWords.use();
  const given = useHashToken();
  const token = given === "" ? readInvitation() : given;
  useEffect(() => {
    if (given !== "") keepInvitation(given);
  }, [given]);
  const session = useSession();
  const isSessionKnown = session.status !== "unknown";
  useEffect(() => {
    if (!isSessionKnown) void refreshSession();
  }, [isSessionKnown]);
  const invitation = useQuery({ ...invitationQuery(token), enabled: token !== "" });
  const isRefused = invitation.error instanceof ApiError && invitation.error.status >= 400 && invitation.error.status < 429;
  useEffect(() => {
    if (isRefused) forgetInvitation();
  }, [isRefused]);

  const away = session.status === "signed_in" ? <LinkButton to="/inbox" label={t("invitation_to_inbox")} /> : <LinkButton to="/sign-in" label={t("link_to_sign_in")} />;
  if (token === "") return <MessageScreen title={t("invitation_missing")} text={t("invitation_missing_text")} action={away} />;
  if (isRefused) return <MessageScreen title={t("invitation_invalid")} text={t("invitation_invalid_text")} action={away} />;
  if (invitation.isError) {
    return (
      <main className={styles.screen}>
        <PaneError isPage title={t("load_error")} error={invitation.error} onRetry={() => void invitation.refetch()} />
      </main>
    );
  }
  if (invitation.isPending || !isSessionKnown) return <main className={styles.screen} />;
  return <Invitation token={token} invitation={invitation.data} />;
}

function Invitation({ token, invitation }: { token: string; invitation: InvitationShown }) {
  const t = sessionWords.use();
  const format = useFormat();
  const session = useSession();
  const role = invitation.role_name || t(`role_${invitation.role}`);
  const time = format.dateTime(invitation.expires_at_ms);
  const signedIn = session.status === "signed_in" ? session.account.email : null;
  return (
    <Screen title={t("invitation_title", { organization: invitation.organization_name })}>
      <div className={styles.facts}>
        <p>{t("invitation_text", { role })}</p>
        <p className={styles.soft}>{invitation.email === null ? t("invitation_for_anyone", { time }) : t("invitation_for", { email: invitation.email, time })}</p>
      </div>
      {signedIn === null ? <SignedOut invitation={invitation} /> : <SignedIn token={token} invitation={invitation} signedIn={signedIn} />}
    </Screen>
  );
}

function SignedOut({ invitation }: { invitation: InvitationShown }) {
  const t = sessionWords.use();
  const signIn = (isMain: boolean) => (
    <Button variant={isMain ? "filled" : "default"} renderRoot={(props) => <Link to="/sign-in" search={{ next: "/invitation" }} {...props} />}>
      {t("invitation_sign_in")}
    </Button>
  );
  const register = (isMain: boolean) => (
    <Button variant={isMain ? "filled" : "default"} renderRoot={(props) => <Link to="/register" {...props} />}>
      {t("invitation_register")}
    </Button>
  );
  // Only an invitation that came by mail tells whether there is an account; otherwise both ways stand open.
  if (invitation.has_account === true) return <div className={styles.ways}>{signIn(true)}</div>;
  return (
    <div className={styles.ways}>
      {register(true)}
      {invitation.has_account === false ? null : signIn(false)}
    </div>
  );
}

function SignedIn({ token, invitation, signedIn }: { token: string; invitation: InvitationShown; signedIn: string }) {
  const t = sessionWords.use();
  const enter = useEnter();
  const navigate = useNavigate();
  const client = useQueryClient();
  const accept = useMutation({
    mutationFn: () => accountCalls.acceptInvitation(token),
    onSuccess: (session) => {
      forgetInvitation();
      enter(session);
    },
  });
  const change = useMutation({
    mutationFn: () => calls.signOut(),
    onSuccess: async () => {
      if (invitation.has_account !== false) await navigate({ to: "/sign-in", search: { next: "/invitation" } });
      else await navigate({ to: "/register" });
      endSession();
      client.clear();
    },
  });
  const isOther = invitation.email !== null && invitation.email.toLowerCase() !== signedIn.toLowerCase();
  return (
    <div className={styles.ways}>
      <p>{isOther ? t("invitation_not_yours", { signed_in: signedIn, email: invitation.email ?? "" }) : t("invitation_signed_in", { email: signedIn })}</p>
      <FormError error={accept.error ?? change.error} />
      {isOther ? (
        <Button loading={change.isPending} onClick={() => change.mutate()}>
          {t("invitation_switch")}
        </Button>
      ) : (
        <Button loading={accept.isPending} onClick={() => accept.mutate()}>
          {t("invitation_accept")}
        </Button>
      )}
      <p className={styles.links}>
        {isOther ? null : (
          <button type="button" className={styles.link} onClick={() => change.mutate()}>
            {t("invitation_other_account")}
          </button>
        )}
        <Link to="/inbox" onClick={forgetInvitation}>
          {t("invitation_to_inbox")}
        </Link>
      </p>
    </div>
  );
}
