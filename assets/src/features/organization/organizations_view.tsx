// All organizations one belongs to: go into one, make a new one, take back a deletion while that is possible.
import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent } from "react";
import * as calls from "../../api/organization_calls";
import { organizationsQuery } from "../../api/organization_queries";
import type { Organization } from "../../api/organization_types";
import { useMe } from "../../api/session";
import { useMayCreateOrganization } from "../../app/organization_switcher";
import { useSwitchOrganization } from "../../app/switch_organization";
import { ActionButton } from "../../components/action_button";
import { Chip } from "../../components/chip";
import { useErrorText } from "../../components/error_text";
import { Page } from "../../components/page";
import { PaneError, PaneMessage } from "../../components/pane_message";
import styles from "../../components/section.module.css";
import { TableBones } from "../../components/skeleton";
import { showToast } from "../../components/toast";
import { WayBack } from "../../components/way_back";
import { useFormat } from "../../i18n/format";
import own from "./organization.module.css";
import { useRoleName } from "./roles";
import { organizationWords } from "./words";

export function OrganizationsView() {
  const t = organizationWords.use();
  const navigate = useNavigate();
  const { new: isNew } = useSearch({ from: "/app/organizations" });
  const query = useQuery({ ...organizationsQuery(), staleTime: 0 });
  const mayCreate = useMayCreateOrganization(query.data);
  const setNew = (value: boolean) => void navigate({ to: "/organizations", search: value ? { new: true } : {} });
  return (
    <Page
      title={t("organizations")}
      actions={
        <>
          <WayBack />
          {query.isSuccess ? (
            <ActionButton look="outlined" icon={IconPlus} label={t("new")} hasText disabledReason={mayCreate ? null : t("new_reason")} onClick={() => setNew(true)} />
          ) : null}
        </>
      }
    >
      <div className={`${styles.content} ${styles.page}`}>
        <div style={{ maxWidth: 760 }}>
          {isNew && mayCreate ? <NewOrganization onCancel={() => setNew(false)} /> : null}
          {query.isPending ? <TableBones rows={4} /> : null}
          {query.isError && !query.data ? <PaneError title={t("organizations_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
          {query.data?.length === 0 && !isNew ? <PaneMessage title={t("organizations_empty")} text={mayCreate ? t("organizations_empty_create") : t("organizations_empty_ask")} /> : null}
          {query.data && query.data.length > 0 ? (
            <ul className={own.cards}>
              {query.data.map((organization) => (
                <OrganizationItem key={organization.id} organization={organization} />
              ))}
            </ul>
          ) : null}
        </div>
      </div>
    </Page>
  );
}

function NewOrganization({ onCancel }: { onCancel: () => void }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const switchTo = useSwitchOrganization();
  const create = useMutation({
    mutationFn: async (name: string) => {
      const made = await calls.createOrganization(name);
      await client.invalidateQueries({ queryKey: ["organizations"] });
      await switchTo(made.id);
    },
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "") create.mutate(name);
  }
  return (
    <form className={styles.panel} onSubmit={handleSubmit}>
      <TextInput name="name" label={t("new_name")} description={t("new_text")} error={create.isError ? describe(create.error) : null} maxLength={200} autoComplete="organization" autoFocus />
      <div className={styles.buttons}>
        <Button type="submit" loading={create.isPending}>
          {t("new_action")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function OrganizationItem({ organization }: { organization: Organization }) {
  const t = organizationWords.use();
  const format = useFormat();
  const describe = useErrorText();
  const client = useQueryClient();
  const nameRole = useRoleName();
  const switchTo = useSwitchOrganization();
  const here = useMe().organization;
  const isEnding = organization.delete_after_ms !== null;
  const enter = useMutation({ mutationFn: () => switchTo(organization.id), onError: (error) => showToast(describe(error)) });
  const restore = useMutation({
    mutationFn: () => calls.restoreOrganization(organization.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ["organizations"] }),
    onError: (error) => showToast(describe(error)),
  });
  return (
    <li className={own.card}>
      <div className={own.cardHead}>
        <div>
          <div className={own.cardName}>
            <h2>{organization.name}</h2>
            {organization.id === here?.id ? <Chip text={t("current")} tone="positive" /> : null}
            {isEnding ? <Chip text={t("ending")} tone="negative" shape="triangle" /> : null}
          </div>
          <p className={styles.soft}>{[nameRole(organization), t("members_count", { count: organization.members })].join(" · ")}</p>
        </div>
        {isEnding || organization.id === here?.id ? null : (
          <ActionButton look="outlined" label={t("enter")} hasText onClick={() => enter.mutate()} />
        )}
      </div>
      {organization.delete_after_ms !== null ? (
        <div className={`${styles.notice} ${own.cardBody}`} role="note">
          <p>{t("ending_text", { date: format.dateTime(organization.delete_after_ms) })}</p>
          {organization.role === "owner" ? (
            <div className={styles.buttons} style={{ marginTop: 8 }}>
              <Button variant="default" loading={restore.isPending} onClick={() => restore.mutate()}>
                {t("restore")}
              </Button>
            </div>
          ) : (
            <p>{t("restore_owner_only")}</p>
          )}
        </div>
      ) : null}
    </li>
  );
}
