// Deleting an organization as an administrator of the appliance: with the time in which it can be taken back, or at once. Both ask
// for the name to be typed; which of the two is meant is chosen before, and what it means stands beside it.
import { SegmentedControl } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/organization_calls";
import { organizationQuery } from "../../api/organization_queries";
import type { AdminOrganization } from "../../api/organization_types";
import { reloadMe, useMe } from "../../api/session";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { Question } from "../../components/question";
import styles from "../../components/section.module.css";
import { showToast } from "../../components/toast";
import { adminWords } from "./words";

type When = "later" | "now";

export function DeletionPart({ organization, onDeleted }: { organization: AdminOrganization; onDeleted: () => void }) {
  const t = adminWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const isEnding = organization.delete_after_ms !== null;
  const [isAsked, setAsked] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["admin-organizations"] });
  const restore = useMutation({
    mutationFn: () => calls.restoreOrganization(organization.id),
    onSuccess: async () => {
      onDeleted();
      await refresh();
    },
    onError: (error) => showToast(describe(error)),
  });
  if (isAsked) return <DeletionQuestion organization={organization} onDeleted={onDeleted} onClose={() => setAsked(false)} />;
  return (
    <div className={styles.buttons}>
      {isEnding ? <ActionButton size="small" look="outlined" label={t("restore")} hasText onClick={() => restore.mutate()} /> : null}
      <ActionButton size="small" look="outlined" label={isEnding ? t("delete_now") : t("delete")} hasText isDanger onClick={() => setAsked(true)} />
    </div>
  );
}

type QuestionProps = { organization: AdminOrganization; onDeleted: () => void; onClose: () => void };

function DeletionQuestion({ organization, onDeleted, onClose }: QuestionProps) {
  const t = adminWords.use();
  const client = useQueryClient();
  const here = useMe().organization?.id;
  const isEnding = organization.delete_after_ms !== null;
  const [when, setWhen] = useState<When>(isEnding ? "now" : "later");
  // One that is ending tells nothing about itself any more, and needs no days.
  const detail = useQuery({ ...organizationQuery(organization.id), enabled: !isEnding });
  const days = detail.data?.delete_grace_days;
  const remove = useMutation({
    mutationFn: () => calls.deleteOrganization(organization.id, { name: organization.name, is_forced: when === "now" }),
    onSuccess: async () => {
      showToast(when === "now" ? t("deleted_now", { name: organization.name }) : t("deleted_later", { name: organization.name }));
      onDeleted();
      await client.invalidateQueries({ queryKey: ["admin-organizations"] });
      if (organization.id === here) await reloadMe();
    },
  });
  return (
    <Question
      text={when === "now" ? t("delete_ask_now", { name: organization.name }) : days === undefined ? t("delete_ask_some", { name: organization.name }) : t("delete_ask", { name: organization.name, count: days })}
      action={when === "now" ? t("delete_now") : t("delete")}
      typed={{ label: t("delete_type", { name: organization.name }), value: organization.name, reason: t("delete_type_reason") }}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onCancel={onClose}
    >
      {isEnding ? null : (
        <div>
          <SegmentedControl
            aria-label={t("delete_when")}
            value={when}
            onChange={(value) => setWhen(value as When)}
            data={[
              { value: "later", label: t("delete_later") },
              { value: "now", label: t("delete_at_once") },
            ]}
          />
        </div>
      )}
    </Question>
  );
}
