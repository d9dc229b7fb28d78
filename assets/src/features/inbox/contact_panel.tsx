// The person behind the conversation: who, where they stand, and everything else exchanged with them.
import { IconCheck, IconCopy, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { contactConversationsQuery, contactQuery } from "../../api/queries";
import type { Contact, Conversation } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Mark } from "../../components/mark";
import { PaneError } from "../../components/pane_message";
import { RelativeTime } from "../../components/relative_time";
import { Bone, Delayed } from "../../components/skeleton";
import { useIsNarrow } from "../../components/viewport";
import { useFormat } from "../../i18n/format";
import { categoryOfInterest } from "./categories";
import { CategoryChip } from "./category_chip";
import styles from "./contact.module.css";
import { listCustomFields } from "./custom_fields";
import { inboxWords } from "./words";

export function ContactPanel({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const t = inboxWords.use();
  const contact = useQuery(contactQuery(conversation.contact.id));
  const isOverlay = useIsNarrow();
  // In a narrow window the panel lies over the thread, and what lies over something goes away with Esc.
  const handleKeyDown = (event: KeyboardEvent) => {
    if (isOverlay && event.key === "Escape") onClose();
  };
  return (
    <aside className={styles.panel} aria-label={t("details")} onKeyDown={handleKeyDown}>
      <div className={styles.head}>
        <h2>{t("details")}</h2>
        <ActionButton icon={IconX} label={t("details_hide")} onClick={onClose} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t("details")}>
        {contact.isPending ? <PanelBones /> : null}
        {contact.isError && !contact.data ? <PaneError title={t("contact_error")} error={contact.error} onRetry={() => void contact.refetch()} /> : null}
        {contact.data ? <ContactFacts contact={contact.data} /> : null}
        <ContactConversations contactId={conversation.contact.id} openId={conversation.id} />
      </div>
    </aside>
  );
}

function ContactFacts({ contact }: { contact: Contact }) {
  const t = inboxWords.use();
  const format = useFormat();
  const category = categoryOfInterest(contact.interest);
  const customFields = listCustomFields(contact.custom_fields);
  return (
    <>
      <div className={styles.person}>
        <h2>{contact.name || contact.address}</h2>
        <div className={styles.role}>{[contact.job_title, contact.company_name].filter(Boolean).join(", ")}</div>
        <CopyAddress address={contact.address} />
      </div>
      {contact.suppression ? (
        <div className={styles.warning}>
          <Mark tone="negative" shape="triangle" />
          <span>{t(suppressionWord(contact.suppression.reason), { date: format.date(contact.suppression.at_ms) })}</span>
        </div>
      ) : null}
      <div className={styles.section}>
        <dl className={styles.facts}>
          <Fact name={t("interest")}>{category ? <CategoryChip category={category} /> : t("interest_none")}</Fact>
          {contact.label ? <Fact name={t("label")}>{contact.label}</Fact> : null}
          {contact.phone ? (
            <Fact name={t("phone")}>
              <a href={`tel:${contact.phone.replace(/[^+\d]/g, "")}`}>{contact.phone}</a>
            </Fact>
          ) : null}
          {contact.website ? <Fact name={t("website")}>{<Website address={contact.website} />}</Fact> : null}
          {contact.source ? <Fact name={t("source")}>{contact.source === "instantly" ? "Instantly" : contact.source}</Fact> : null}
          <Fact name={t("created")}>{format.date(contact.created_at_ms)}</Fact>
        </dl>
      </div>
      {contact.campaigns.length > 0 ? (
        <div className={styles.section}>
          <h3>{t("campaigns")}</h3>
          <ul>
            {contact.campaigns.map((campaign) => (
              <li key={campaign.id} className={styles.campaign}>
                <Link to="/campaigns/$campaignId" params={{ campaignId: campaign.id }} title={campaign.name}>
                  {campaign.name}
                </Link>
                <span>{[campaign.step > 0 ? t("step", { step: campaign.step }) : "", describeState(campaign.state, t)].filter(Boolean).join(", ")}</span>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {customFields.length > 0 ? (
        <div className={styles.section}>
          <h3>{t("fields")}</h3>
          <dl className={styles.facts}>
            {customFields.map(([name, value]) => (
              <Fact key={name} name={name}>
                {/^https?:\/\//i.test(value) ? <Website address={value} /> : value}
              </Fact>
            ))}
          </dl>
        </div>
      ) : null}
    </>
  );
}

type Words = ReturnType<typeof inboxWords.use>;

function suppressionWord(reason: string): "suppressed_bounced" | "suppressed_complained" | "suppressed_unsubscribed" {
  if (reason === "bounced") return "suppressed_bounced";
  return reason === "complained" ? "suppressed_complained" : "suppressed_unsubscribed";
}

function describeState(state: string, t: Words): string {
  if (state === "active") return t("campaign_state_active");
  if (state === "completed") return t("campaign_state_completed");
  return state === "failed" ? t("campaign_state_failed") : "";
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Only web addresses become links; anything else that a provider sent stays text. */
function Website({ address }: { address: string }) {
  const full = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(full) || /\s/.test(address)) return address;
  return (
    <a href={full} target="_blank" rel="noopener noreferrer">
      {address.replace(/^https?:\/\/(www\.)?/i, "").replace(/\/$/, "")}
    </a>
  );
}

function CopyAddress({ address }: { address: string }) {
  const t = inboxWords.use();
  const [isCopied, setCopied] = useState(false);
  async function handleCopy(): Promise<void> {
    await navigator.clipboard?.writeText(address);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  }
  return (
    <div className={styles.address}>
      <span title={address}>{address}</span>
      <ActionButton size="small" icon={isCopied ? IconCheck : IconCopy} label={isCopied ? t("copied") : t("copy_address")} onClick={() => void handleCopy()} />
    </div>
  );
}

function ContactConversations({ contactId, openId }: { contactId: string; openId: string }) {
  const t = inboxWords.use();
  const conversations = useQuery(contactConversationsQuery(contactId));
  if (conversations.isPending) return null;
  return (
    <div className={styles.section}>
      <h3>{t("conversations")}</h3>
      {conversations.isError ? <p className={styles.soft}>{t("conversations_error")}</p> : null}
      <ul>
        {(conversations.data ?? []).map((row) => (
          <li key={row.id}>
            <Link
              to="/inbox/$conversationId"
              params={{ conversationId: row.id }}
              search={(previous) => previous}
              className={styles.conversation}
              aria-current={row.id === openId ? "true" : undefined}
            >
              <span className={styles.conversationLine}>
                <span>{row.subject || t("no_subject")}</span>
                <RelativeTime atMs={row.last_message_at_ms} />
              </span>
              <span className={styles.soft}>{[row.campaign?.name, row.mailbox?.address].filter(Boolean).join(" · ")}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function PanelBones() {
  return (
    <Delayed>
      <div style={{ display: "grid", gap: 12, padding: 20 }}>
        <Bone width="60%" height={16} />
        <Bone width="80%" />
        <Bone width="70%" />
        <Bone width="50%" />
      </div>
    </Delayed>
  );
}
