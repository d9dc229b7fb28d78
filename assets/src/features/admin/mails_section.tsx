// Mails of the appliance itself: those that could not go out keep their link here, to be passed on by hand or sent again.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/organization_calls";
import { mailsQuery } from "../../api/organization_queries";
import type { Mail, MailState } from "../../api/organization_types";
import { ActionButton } from "../../components/action_button";
import { CopyField } from "../../components/copy_field";
import { useErrorText } from "../../components/error_text";
import { StateWord, type Shape, type Tone } from "../../components/mark";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import { showToast } from "../../components/toast";
import { useFormat } from "../../i18n/format";
import { adminWords } from "./words";

const LOOKS: Record<MailState, { tone: Tone; shape: Shape }> = {
  waiting: { tone: "information", shape: "half" },
  sent: { tone: "positive", shape: "disc" },
  failed: { tone: "negative", shape: "triangle" },
  held: { tone: "caution", shape: "ring" },
};

export function MailsSection() {
  const t = adminWords.use();
  const format = useFormat();
  const describe = useErrorText();
  const client = useQueryClient();
  const query = useQuery(mailsQuery());
  const [openId, setOpenId] = useState<string | null>(null);
  const retry = useMutation({
    mutationFn: calls.retryMail,
    onSuccess: () => client.invalidateQueries({ queryKey: ["mails"] }),
    onError: (error) => showToast(describe(error)),
  });
  const isStuck = (mail: Mail) => mail.state === "held" || mail.state === "failed";
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead title={t("section_mails")} text={t("mails_text")} />
        {query.isPending ? <TableBones /> : null}
        {query.isError && !query.data ? <PaneError title={t("mails_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.data?.length === 0 ? <PaneMessage title={t("mails_empty")} text={t("mails_empty_text")} /> : null}
        {query.data?.some((mail) => mail.state === "held") ? <p className={styles.notice}>{t("mails_held")}</p> : null}
        {query.data && query.data.length > 0 ? (
          <Table
            isBoxed
            label={t("section_mails")}
            rows={query.data}
            keyOf={(mail) => mail.id}
            detail={(mail) =>
              mail.id === openId && mail.link ? (
                <CopyField label={t("mail_link_of", { address: mail.address })} value={mail.link} note={t("mail_link_note", { date: format.dateTime(mail.expires_at_ms) })} />
              ) : null
            }
            columns={[
              { key: "address", name: t("mail_to"), look: "strong", title: (mail) => mail.address, cell: (mail) => mail.address },
              { key: "subject", name: t("mail_subject"), look: "clip", weight: "minor", title: (mail) => mail.subject, cell: (mail) => mail.subject },
              { key: "state", name: t("state"), cell: (mail) => <StateWord {...LOOKS[mail.state]} word={t(`mail_${mail.state}`)} /> },
              { key: "created", name: t("created"), look: "soft", weight: "minor", cell: (mail) => <RelativeTime atMs={mail.created_at_ms} /> },
              ...(query.data.some((mail) => mail.last_error !== "")
                ? [{ key: "error", name: t("last_error"), look: "clip" as const, weight: "minor" as const, title: (mail: Mail) => mail.last_error || undefined, cell: (mail: Mail) => mail.last_error || "–" }]
                : []),
              {
                key: "actions",
                name: t("actions"),
                look: "actions",
                isNameHidden: true,
                cell: (mail) => (
                  <>
                    {isStuck(mail) ? (
                      <ActionButton
                        size="small"
                        label={t("mail_link")}
                        hasText
                        isExpanded={mail.id === openId}
                        disabledReason={mail.link ? null : t("mail_link_gone")}
                        onClick={() => setOpenId(mail.id === openId ? null : mail.id)}
                      />
                    ) : null}
                    {isStuck(mail) ? <ActionButton size="small" label={t("mail_retry")} hasText onClick={() => retry.mutate(mail.id)} /> : null}
                  </>
                ),
              },
            ]}
          />
        ) : null}
      </section>
    </div>
  );
}
