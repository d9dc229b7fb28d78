// Everything that happens, as it happens; pausing holds the view still while events go on arriving behind it.
import { Select } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { eventsQuery } from "../../api/queries";
import type { DomainEvent } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { Mark } from "../../components/mark";
import { ConnectAction } from "../../components/connect_action";
import { Page } from "../../components/page";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { TableBones } from "../../components/skeleton";
import { useIsPhone } from "../../components/viewport";
import { useFormat, useNow } from "../../i18n/format";
import { inboxWords } from "../inbox/words";
import styles from "./feed.module.css";
import { lookOf, readText, sayEvent } from "./sentences";
import { feedWords } from "./words";

const ROW = 36;
/** On a phone the detail stands on a second line. */
const PHONE_ROW = 56;
const GROUPS = ["all", "message", "contact", "conversation", "campaign", "mailbox"] as const;
type Group = (typeof GROUPS)[number];

export function FeedView() {
  const t = feedWords.use();
  const [group, setGroup] = useState<Group>("all");
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const query = useInfiniteQuery(eventsQuery(group === "all" ? "" : `${group}.`));
  const all = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  const shown = useMemo(() => (pausedAt === null ? all : all.filter((event) => event.sequence <= pausedAt)), [all, pausedAt]);
  const waiting = all.length - shown.length;
  const isPaused = pausedAt !== null;
  const resumeLabel = waiting === 0 ? t("resume") : t("resume_new", { count: waiting, shown: waiting });
  return (
    <Page
      title={t("title")}
      actions={
        <>
          <Select
            aria-label={t("group")}
            w={168}
            value={group}
            onChange={(value) => setGroup((value ?? "all") as Group)}
            data={GROUPS.map((name) => ({ value: name, label: t(`group_${name}`) }))}
          />
          <ActionButton
            look="outlined"
            icon={isPaused ? IconPlayerPlay : IconPlayerPause}
            label={isPaused ? resumeLabel : t("pause")}
            hasText
            onClick={() => setPausedAt(isPaused ? null : (all[0]?.sequence ?? 0))}
          />
        </>
      }
    >
      {query.isPending ? <TableBones rows={14} /> : null}
      {query.isError && all.length === 0 ? <PaneError title={t("error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && all.length === 0 ? <PaneMessage title={t("empty")} text={t("empty_text")} action={<ConnectAction />} /> : null}
      {shown.length > 0 ? (
        <EventList
          events={shown}
          onEnd={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      ) : null}
    </Page>
  );
}

function EventList({ events, onEnd }: { events: DomainEvent[]; onEnd: () => void }) {
  const t = feedWords.use();
  const scroller = useRef<HTMLDivElement>(null);
  const row = useIsPhone() ? PHONE_ROW : ROW;
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row,
    getItemKey: (index) => events[index]?.sequence ?? index,
    overscan: 12,
  });
  // New events come in above; a reader further down must not lose the place.
  const newest = useRef(events[0]?.sequence);
  useLayoutEffect(() => {
    const element = scroller.current;
    const added = events.findIndex((event) => event.sequence === newest.current);
    newest.current = events[0]?.sequence;
    if (element && added > 0 && element.scrollTop > row / 2) element.scrollTop += added * row;
  }, [events, row]);
  useEffect(() => {
    virtual.measure();
  }, [row, virtual]);
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  const latestOnEnd = useRef(onEnd);
  useEffect(() => {
    latestOnEnd.current = onEnd;
  });
  useEffect(() => {
    if (lastIndex + 40 >= events.length) latestOnEnd.current();
  }, [lastIndex, events.length]);
  return (
    <div ref={scroller} className={styles.scroll} tabIndex={0} role="region" aria-label={t("list")}>
      <ol className={styles.list} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const event = events[item.index];
          return event ? <EventRow key={event.sequence} event={event} top={item.start} /> : null;
        })}
      </ol>
    </div>
  );
}

const EventRow = memo(function EventRow({ event, top }: { event: DomainEvent; top: number }) {
  const t = feedWords.use();
  const words = inboxWords.use();
  const format = useFormat();
  const now = useNow();
  const isToday = format.dayOf(event.at_ms) === format.dayOf(now);
  const detail = [readText(event, "subject"), event.kind.startsWith("campaign.") ? "" : readText(event, "campaign_name"), readText(event, "reason")].filter(Boolean).join(" · ");
  const look = lookOf(event.kind);
  return (
    <li>
      <EventLink event={event} style={{ transform: `translateY(${top}px)` }}>
        <span className={styles.time} title={format.exact(event.at_ms)}>
          {isToday ? format.clockSeconds(event.at_ms) : format.short(event.at_ms, now)}
        </span>
        <Mark tone={look.tone} shape={look.shape} />
        <span className={styles.sentence}>{sayEvent(event, t, words)}</span>
        <span className={styles.detail}>{detail}</span>
      </EventLink>
    </li>
  );
});

/** Where an event leads: to its conversation, else its campaign, else its mailbox. */
function findAddress(event: DomainEvent): string | null {
  const conversationId = readText(event, "conversation_id");
  const campaignId = readText(event, "campaign_id");
  const mailboxId = readText(event, "mailbox_id");
  if (conversationId) return `/inbox/${encodeURIComponent(conversationId)}`;
  if (campaignId) return `/campaigns/${encodeURIComponent(campaignId)}`;
  return mailboxId ? `/inbox?mailbox_id=${encodeURIComponent(mailboxId)}` : null;
}

function EventLink({ event, style, children }: { event: DomainEvent; style: CSSProperties; children: ReactNode }) {
  const router = useRouter();
  const address = findAddress(event);
  if (address === null) {
    return (
      <div className={styles.event} style={style}>
        {children}
      </div>
    );
  }
  return (
    <a
      href={address}
      className={styles.event}
      style={style}
      onClick={(click) => {
        if (click.metaKey || click.ctrlKey || click.shiftKey || click.button !== 0) return;
        click.preventDefault();
        void router.navigate({ href: address });
      }}
    >
      {children}
    </a>
  );
}
