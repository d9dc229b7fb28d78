// The list of hits: grouped by conversation, highlighted, read on by itself.
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import type { Hit } from "../../api/types";
import { Marked } from "../../components/marked";
import { RelativeTime } from "../../components/relative_time";
import { buildResultRows, GROUP_HEIGHT, HIT_HEIGHT } from "./result_rows";
import styles from "./search.module.css";
import { searchWords } from "./words";

type ResultsProps = {
  hits: Hit[];
  openId: string | null;
  isStale: boolean;
  searchKey: string;
  hasMore: boolean;
  onMore: () => void;
};

export function Results({ hits, openId, isStale, searchKey, hasMore, onMore }: ResultsProps) {
  const t = searchWords.use();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => buildResultRows(hits), [hits]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "group" ? GROUP_HEIGHT : HIT_HEIGHT),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  useEffect(() => {
    virtual.measure();
  }, [rows, virtual]);
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
  }, [searchKey]);
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastIndex + 20 >= rows.length) onMore();
  }, [hasMore, lastIndex, rows.length, onMore]);

  return (
    <div ref={scroller} className={styles.scroll} data-stale={isStale} aria-busy={isStale}>
      <div role="list" aria-label={t("results")} style={{ position: "relative", height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const place = { transform: `translateY(${item.start}px)`, height: item.size, top: 0 };
          if (row.kind === "group") {
            const { contact } = row.conversation;
            return (
              <div key={row.key} role="listitem" className={styles.group} style={place}>
                <span className={styles.groupName}>{contact.name || contact.address}</span>
                <span className={styles.groupCompany}>{contact.company_name}</span>
              </div>
            );
          }
          return (
            <div key={row.key} role="listitem">
              <HitRow hit={row.hit} place={place} isOpen={row.hit.conversation.id === openId} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function HitRow({ hit, place, isOpen }: { hit: Hit; place: React.CSSProperties; isOpen: boolean }) {
  const t = searchWords.use();
  return (
    <Link
      to="/search"
      search={(previous) => ({ ...previous, conversation: hit.conversation.id })}
      className={styles.hit}
      style={place}
      aria-current={isOpen ? "true" : undefined}
      data-hit
    >
      <span className={styles.hitHead}>
        <span className={styles.hitSubject}>{hit.subject_html ? <Marked text={hit.subject_html} /> : t("no_subject")}</span>
        <span className={styles.hitTime}>
          <RelativeTime atMs={hit.occurred_at_ms} />
        </span>
      </span>
      <span className={styles.snippet}>
        <span className={styles.direction}>{hit.direction === "out" ? `${t("sent")} · ` : ""}</span>
        <Marked text={hit.snippet_html} />
      </span>
    </Link>
  );
}
