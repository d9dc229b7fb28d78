// The entries: only those in sight are in the page, and one opens below itself with what changed, from where, and its record.
import { IconChevronRight } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { AuditEntry } from "../../api/organization_types";
import type { Permission } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { useIsPhone } from "../../components/viewport";
import { useFormat, useNow, type Format } from "../../i18n/format";
import { keyOf } from "../organization/permission_groups";
import { permissionWords } from "../organization/permission_words";
import styles from "./audit.module.css";
import { compareRecords, type Line } from "./difference";
import { nameAction, nameActor, nameRecord, nameValue, readWord } from "./name_action";
import { auditWords } from "./words";

const ROW = 40;
/** On a phone who stands below what. */
const PHONE_ROW = 56;
const READ_ON_BEFORE = 30;

type ListProps = { entries: readonly AuditEntry[]; isStale: boolean; onRecord: (entry: AuditEntry) => void; onEnd: () => void };

export function AuditList({ entries, isStale, onRecord, onEnd }: ListProps) {
  const t = auditWords.use();
  const scroller = useRef<HTMLDivElement>(null);
  const row = useIsPhone() ? PHONE_ROW : ROW;
  const [openId, setOpenId] = useState<string | null>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row,
    getItemKey: (index) => entries[index]?.id ?? index,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  const latestOnEnd = useRef(onEnd);
  useEffect(() => {
    latestOnEnd.current = onEnd;
  });
  useEffect(() => {
    if (lastIndex + READ_ON_BEFORE >= entries.length) latestOnEnd.current();
  }, [lastIndex, entries.length]);
  return (
    <div ref={scroller} className={styles.scroll} data-stale={isStale} aria-busy={isStale} tabIndex={0} role="region" aria-label={t("list")}>
      <ol className={styles.list} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const entry = entries[item.index];
          if (!entry) return null;
          return (
            <li key={entry.id} ref={virtual.measureElement} data-index={item.index} className={styles.entry} style={{ transform: `translateY(${item.start}px)` }}>
              <EntryRow entry={entry} isOpen={entry.id === openId} onToggle={() => setOpenId(entry.id === openId ? null : entry.id)} onRecord={onRecord} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

type RowProps = { entry: AuditEntry; isOpen: boolean; onToggle: () => void; onRecord: (entry: AuditEntry) => void };

function EntryRow({ entry, isOpen, onToggle, onRecord }: RowProps) {
  const t = auditWords.use();
  const format = useFormat();
  const now = useNow();
  return (
    <>
      <button type="button" className={styles.line} aria-expanded={isOpen} onClick={onToggle}>
        <IconChevronRight size={16} stroke={1.5} aria-hidden />
        <span className={styles.time} title={format.exact(entry.at_ms)}>
          {format.dayTime(entry.at_ms, now)}
        </span>
        <span className={styles.action} title={entry.action}>
          {nameAction(t, entry.action)}
        </span>
        <span className={styles.recordName} title={nameRecord(t, entry)}>
          {nameRecord(t, entry)}
        </span>
        <span className={styles.actor} title={nameActor(t, entry)}>
          {nameActor(t, entry)}
        </span>
      </button>
      {isOpen ? <Detail entry={entry} onRecord={onRecord} /> : null}
    </>
  );
}

function Detail({ entry, onRecord }: { entry: AuditEntry; onRecord: (entry: AuditEntry) => void }) {
  const t = auditWords.use();
  const format = useFormat();
  const lines = compareRecords(entry.before, entry.after);
  return (
    <div className={styles.detail}>
      {lines.length === 0 ? <p className={styles.soft}>{t("no_values")}</p> : <Difference lines={lines} />}
      <dl className={styles.facts}>
        <div>
          <dt>{t("action")}</dt>
          <dd>
            <code>{entry.action}</code>
          </dd>
        </div>
        <div>
          <dt>{t("address")}</dt>
          <dd>{entry.address || "–"}</dd>
        </div>
        <div>
          <dt>{t("record")}</dt>
          <dd>
            <code>{[entry.entity_kind, entry.entity_id].filter(Boolean).join(" ")}</code>
          </dd>
        </div>
        <div>
          <dt>{t("entry_id")}</dt>
          <dd title={format.exact(entry.at_ms)}>
            {format.number(entry.sequence)} · {format.dateTime(entry.at_ms)}
          </dd>
        </div>
      </dl>
      {entry.entity_id ? <ActionButton size="small" look="outlined" label={t("record_filter")} hasText onClick={() => onRecord(entry)} /> : null}
    </div>
  );
}

function Difference({ lines }: { lines: readonly Line[] }) {
  const t = auditWords.use();
  const permissions = permissionWords.use();
  const format = useFormat();
  const nameItem = (field: string, item: string) => (field === "permissions" ? permissions(keyOf(item as Permission)) : item);
  const nameField = (field: string) => readWord(t, `field_${field}`) ?? field.replace(/_at_ms$|_ms$/, "").replaceAll("_", " ");
  return (
    <table className={styles.difference}>
      <thead>
        <tr>
          <th scope="col">{t("field")}</th>
          <th scope="col">{t("before")}</th>
          <th scope="col">
            <span aria-hidden="true">→ </span>
            {t("after")}
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.field}>
            <th scope="row">{nameField(line.field)}</th>
            {line.kind === "value" ? (
              <>
                <td className={line.before === null ? styles.soft : styles.old}>{sayValue(line.field, line.before, t, format)}</td>
                <td className={line.after === null ? styles.soft : styles.fresh}>{sayValue(line.field, line.after, t, format)}</td>
              </>
            ) : (
              <>
                <td className={styles.old}>{line.removed.length === 0 ? "–" : `${line.removed.map((item) => nameItem(line.field, item)).join(", ")} (${t("removed")})`}</td>
                <td className={styles.fresh}>{line.added.length === 0 ? "–" : `${line.added.map((item) => nameItem(line.field, item)).join(", ")} (${t("added")})`}</td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sayValue(field: string, value: unknown, t: ReturnType<typeof auditWords.use>, format: Format): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value === "number") return field.endsWith("_at_ms") || field.endsWith("_after_ms") ? format.dateTime(value) : format.number(value);
  return typeof value === "string" ? nameValue(t, field, value) : JSON.stringify(value);
}
