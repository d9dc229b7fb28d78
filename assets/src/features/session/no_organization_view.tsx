// Someone with an account and no organization: accept an invitation, make an organization, or leave.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { signInOptionsQuery } from "../../api/account_queries";
import { useMe } from "../../api/session";
import { useSignOut } from "../../app/account_menu";
import { useEnter } from "./enter";
import { readField } from "./fields";
import { FormError, Screen } from "./screen";
import styles from "./session.module.css";
import { sessionWords } from "./words";

export function NoOrganizationView() {
  const t = sessionWords.use();
  const me = useMe();
  const signOut = useSignOut();
  const options = useQuery(signInOptionsQuery());
  const isCreationAllowed = options.data?.registration === "open" || me.staff_role === "sb_admin";
  return (
    <Screen title={t("none_title")} text={t("none_text")}>
      <p className={styles.soft}>{t("invitation_signed_in", { email: me.account.email })}</p>
      <OpenInvitation />
      {isCreationAllowed ? <CreateOrganization /> : null}
      {options.data && !isCreationAllowed ? <p className={styles.note}>{t("none_create_closed")}</p> : null}
      <div className={`${styles.part} ${styles.links}`}>
        <Link to="/organizations">{t("none_organizations")}</Link>
        <Link to="/settings/$section" params={{ section: "profile" }}>
          {t("none_profile")}
        </Link>
        <button type="button" className={styles.link} onClick={() => void signOut()}>
          {t("sign_out")}
        </button>
      </div>
    </Screen>
  );
}

function OpenInvitation() {
  const t = sessionWords.use();
  const navigate = useNavigate();
  const [error, setError] = useState<string | null>(null);
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const link = readField(new FormData(event.currentTarget), "link");
    const token = link.includes("#") ? link.slice(link.indexOf("#") + 1) : /^[\w-]{20,}$/.test(link) ? link : "";
    setError(token === "" ? t("none_invitation_wrong") : null);
    if (token !== "") void navigate({ to: "/invitation", hash: token });
  }
  return (
    <form className={styles.part} onSubmit={handleSubmit}>
      <h2>{t("none_invited")}</h2>
      <TextInput name="link" label={t("none_invitation")} autoComplete="off" spellCheck={false} error={error} />
      <Button type="submit" variant="default">
        {t("none_open")}
      </Button>
    </form>
  );
}

function CreateOrganization() {
  const t = sessionWords.use();
  const enter = useEnter();
  const create = useMutation({
    mutationFn: async (name: string) => calls.switchOrganization((await calls.createOrganization(name)).id),
    onSuccess: (session) => enter(session),
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = readField(new FormData(event.currentTarget), "name");
    if (name !== "") create.mutate(name);
  }
  return (
    <form className={styles.part} onSubmit={handleSubmit}>
      <h2>{t("none_create")}</h2>
      <TextInput name="name" label={t("organization")} autoComplete="organization" required withAsterisk={false} />
      <FormError error={create.error} />
      <Button type="submit" variant="default" loading={create.isPending}>
        {t("none_create_action")}
      </Button>
    </form>
  );
}
