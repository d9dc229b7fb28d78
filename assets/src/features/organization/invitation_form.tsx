// Invites someone, by mail or by a link one hands over oneself. The link is shown in both cases: it is known only at this moment.
import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { signInOptionsQuery } from "../../api/account_queries";
import * as calls from "../../api/organization_calls";
import type { InvitationWithLink, OrganizationRole } from "../../api/organization_types";
import { useMe } from "../../api/session";
import { CopyField } from "../../components/copy_field";
import { useErrorText } from "../../components/error_text";
import styles from "../../components/section.module.css";
import { useFormat } from "../../i18n/format";
import { readChoice, useRoleChoices, useRoleName } from "./roles";
import { organizationWords } from "./words";

const DAYS = [1, 7, 30] as const;
type Way = "mail" | "link";

export function InvitationForm({ roles, onClose }: { roles: OrganizationRole[]; onClose: () => void }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const { organization, permissions } = useMe();
  const [way, setWay] = useState<Way>("mail");
  const [role, setRole] = useState("member");
  const [days, setDays] = useState("7");
  const [email, setEmail] = useState("");
  const [isEmailWrong, setEmailWrong] = useState(false);
  const choices = useRoleChoices(roles, permissions);
  const chosen = choices.some((choice) => choice.value === role) ? role : (choices[0]?.value ?? "viewer");
  const invite = useMutation({
    mutationFn: () =>
      calls.createInvitation(organization?.id ?? "", { ...readChoice(chosen, roles), expires_days: Number(days), ...(way === "mail" ? { email: email.trim() } : {}) }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["invitations"] }),
  });

  function handleSubmit(event: FormEvent): void {
    event.preventDefault();
    const isWrong = way === "mail" && !/^[^\s@]+@[^\s@]+$/.test(email.trim());
    setEmailWrong(isWrong);
    if (!isWrong) invite.mutate();
  }

  if (invite.data) {
    return (
      <Invited
        invitation={invite.data}
        onClose={onClose}
        onAnother={() => {
          invite.reset();
          setEmail("");
        }}
      />
    );
  }
  return (
    <form className={styles.panel} onSubmit={handleSubmit} noValidate aria-label={t("invite")}>
      <SegmentedControl
        aria-label={t("invite_way")}
        value={way}
        onChange={(value) => setWay(value as Way)}
        data={[
          { value: "mail", label: t("invite_by_mail") },
          { value: "link", label: t("invite_by_link") },
        ]}
        style={{ justifySelf: "start" }}
      />
      <p className={styles.soft}>{way === "mail" ? t("invite_by_mail_text") : t("invite_by_link_text")}</p>
      <div className={styles.row} style={{ alignItems: "flex-start" }}>
        {way === "mail" ? (
          <TextInput
            type="email"
            label={t("email")}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            error={isEmailWrong ? t("email_wrong") : null}
            autoComplete="off"
            className={styles.grow}
            autoFocus
          />
        ) : null}
        <Select label={t("role")} w={190} value={chosen} onChange={(value) => value && setRole(value)} data={choices} />
        <Select label={t("valid_for")} w={130} value={days} onChange={(value) => value && setDays(value)} data={DAYS.map((count) => ({ value: String(count), label: t("days", { count }) }))} />
      </div>
      {invite.isError ? (
        <p role="alert" className={styles.error}>
          {describe(invite.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" loading={invite.isPending}>
          {way === "mail" ? t("invite_send") : t("invite_make_link")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function Invited({ invitation, onClose, onAnother }: { invitation: InvitationWithLink; onClose: () => void; onAnother: () => void }) {
  const t = organizationWords.use();
  const format = useFormat();
  const nameRole = useRoleName();
  const options = useQuery(signInOptionsQuery());
  const values = { role: nameRole(invitation), date: format.dateTime(invitation.expires_at_ms) };
  return (
    <div className={styles.panel} role="status">
      <p className={styles.done}>
        {invitation.email === null || invitation.email === ""
          ? t("invited_by_link", values)
          : options.data?.is_mail_configured === false
            ? t("invited_mail_held", { ...values, email: invitation.email })
            : t("invited_by_mail", { ...values, email: invitation.email })}
      </p>
      <CopyField label={t("invitation_link")} value={invitation.link} note={t("invitation_link_note")} />
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>
          {t("done")}
        </Button>
        <Button variant="default" onClick={onAnother}>
          {t("invite_another")}
        </Button>
      </div>
    </div>
  );
}
