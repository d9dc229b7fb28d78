// Above the list: which conversations it holds. Every choice stands in the address bar.
import { Menu, SegmentedControl } from "@mantine/core";
import { IconCheck, IconChevronDown, IconMail, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { campaignsQuery, mailboxesQuery } from "../../api/queries";
import type { Category, ConversationFilters } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Mark } from "../../components/mark";
import { CATEGORIES, CATEGORY_LOOKS } from "./categories";
import { hasNarrowing } from "./filters";
import styles from "./list.module.css";
import { inboxWords } from "./words";

type FilterBarProps = {
  filters: ConversationFilters;
  onChange: (filters: ConversationFilters) => void;
  /** Stands where the filters are while rows are selected. */
  selection: ReactNode;
};

export function FilterBar({ filters, onChange, selection }: FilterBarProps) {
  const t = inboxWords.use();
  const mailboxes = useQuery(mailboxesQuery());
  const campaigns = useInfiniteQuery(campaignsQuery());
  const set = (change: Partial<ConversationFilters>) => onChange({ ...filters, ...change });
  const mailboxChoices = (mailboxes.data ?? []).map((mailbox) => ({ value: mailbox.id, text: mailbox.address }));
  const campaignChoices = (campaigns.data?.pages ?? []).flatMap((page) => page.rows).map((campaign) => ({ value: campaign.id, text: campaign.name }));
  const categoryChoices = CATEGORIES.filter((category) => category !== "sent").map((category) => ({
    value: category,
    text: t(`category_${category}`),
    mark: <Mark {...CATEGORY_LOOKS[category]} />,
  }));
  return (
    <div className={styles.bar}>
      <div className={styles.barLine}>
        <SegmentedControl
          aria-label={t("view")}
          value={filters.view ?? "inbox"}
          onChange={(view) => set({ view: view as ConversationFilters["view"] })}
          data={[
            { value: "inbox", label: t("view_inbox") },
            { value: "sent", label: t("view_sent") },
            { value: "archived", label: t("view_archived") },
          ]}
        />
        <ActionButton
          size="small"
          icon={IconMail}
          label={t("only_unread")}
          hasText
          isPressed={Boolean(filters.is_unread)}
          onClick={() => set({ is_unread: filters.is_unread ? undefined : true })}
        />
      </div>
      {selection ?? (
        <div className={styles.filterLine}>
          <FilterMenu name={t("filter_category")} choices={categoryChoices} value={filters.category} onChange={(category) => set({ category: category as Category | undefined })} />
          <FilterMenu name={t("filter_mailbox")} choices={mailboxChoices} value={filters.mailbox_id} onChange={(mailbox_id) => set({ mailbox_id })} />
          <FilterMenu name={t("filter_campaign")} choices={campaignChoices} value={filters.campaign_id} onChange={(campaign_id) => set({ campaign_id })} />
          {hasNarrowing(filters) ? (
            <ActionButton size="small" icon={IconX} label={t("filters_clear")} onClick={() => onChange({ view: filters.view })} />
          ) : null}
        </div>
      )}
    </div>
  );
}

type Choice = { value: string; text: string; mark?: ReactNode };
type FilterMenuProps = { name: string; choices: Choice[]; value: string | undefined; onChange: (value: string | undefined) => void };

function FilterMenu({ name, choices, value, onChange }: FilterMenuProps) {
  const t = inboxWords.use();
  const chosen = choices.find((choice) => choice.value === value);
  return (
    <Menu position="bottom-start" width={300}>
      <Menu.Target>
        <button type="button" className={styles.filter} data-active={value !== undefined} aria-label={chosen ? `${name}: ${chosen.text}` : name}>
          <span>{chosen?.text ?? name}</span>
          <IconChevronDown size={14} stroke={1.5} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown style={{ maxHeight: 360, overflowY: "auto" }}>
        <Menu.Item rightSection={value === undefined ? <IconCheck size={16} stroke={1.5} /> : null} onClick={() => onChange(undefined)}>
          {t("filter_all")}
        </Menu.Item>
        {choices.map((choice) => (
          <Menu.Item
            key={choice.value}
            leftSection={choice.mark}
            rightSection={choice.value === value ? <IconCheck size={16} stroke={1.5} /> : null}
            onClick={() => onChange(choice.value)}
          >
            <span className={styles.choice} title={choice.text}>
              {choice.text}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
