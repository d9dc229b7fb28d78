// The audit log of an organization or of the appliance: filters above, entries below, read on by themselves, each opened for what changed.
import { Button, Menu, Select, TextInput } from "@mantine/core";
import { IconDownload, IconFilterOff, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import * as calls from "../../api/organization_calls";
import { auditQuery } from "../../api/organization_queries";
import type { AuditEntry, AuditFilters, AuditScope, ExportFormat } from "../../api/organization_types";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { useQuiet } from "../../components/quiet";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { showToast } from "../../components/toast";
import styles from "./audit.module.css";
import { AuditList } from "./audit_list";
import { readWord } from "./name_action";
import { NOUNS } from "./nouns";
import { auditWords } from "./words";

const DAY_MS = 24 * 3_600_000;
const RANGES = ["all", "day", "week", "month", "custom"] as const;
const RANGE_DAYS: Record<string, number> = { day: 1, week: 7, month: 30 };

type Range = (typeof RANGES)[number];
type Person = { value: string; label: string };
type Form = { actor: string | null; noun: string; range: Range; from: string; to: string; text: string; record: { id: string; name: string } | null };

const START: Form = { actor: null, noun: "all", range: "all", from: "", to: "", text: "", record: null };

/** `now` is the time at which the range was chosen, so that the query stays the same while it is read on. */
function readFilters(form: Form, text: string, now: number): AuditFilters {
  const day = (value: string, plus: number) => (value === "" ? undefined : new Date(`${value}T00:00:00`).getTime() + plus);
  const days = RANGE_DAYS[form.range];
  return {
    actor: form.actor ?? undefined,
    action: form.noun === "all" ? undefined : `${form.noun}.`,
    entity: form.record?.id,
    since: days === undefined ? (form.range === "custom" ? day(form.from, 0) : undefined) : now - days * DAY_MS,
    until: form.range === "custom" ? day(form.to, DAY_MS) : undefined,
    q: text.trim() || undefined,
  };
}

export function AuditLog({ scope, people }: { scope: AuditScope; people: readonly Person[] }) {
  const t = auditWords.use();
  const [form, setForm] = useState<Form>(START);
  const [now, setNow] = useState(() => Date.now());
  const text = useQuiet(form.text);
  const filters = useMemo(() => readFilters(form, text, now), [form, text, now]);
  const query = useInfiniteQuery(auditQuery(scope, filters));
  const entries = useMemo(() => query.data?.pages.flatMap((part) => part.rows) ?? [], [query.data]);
  // A page looks at a part of the log and may find nothing in it; what matches can be further back.
  const isSearching = entries.length === 0 && query.hasNextPage;
  const { fetchNextPage, isFetching } = query;
  useEffect(() => {
    if (isSearching && !isFetching) void fetchNextPage();
  }, [isSearching, isFetching, fetchNextPage]);
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  const set = (change: Partial<Form>) => {
    setNow(Date.now());
    setForm({ ...form, ...change });
  };
  return (
    <section className={styles.log}>
      <SectionHead title={t("audit")} text={scope === "organization" ? t("audit_text") : t("audit_appliance_text")} action={<Export scope={scope} filters={filters} />} />
      <Filters scope={scope} form={form} people={people} onChange={set} onClear={isFiltered ? () => setForm(START) : null} />
      {query.isPending || isSearching ? <TableBones rows={10} /> : null}
      {query.isError && entries.length === 0 ? <PaneError title={t("error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && entries.length === 0 && !isSearching ? <PaneMessage title={isFiltered ? t("none") : t("empty")} text={isFiltered ? t("none_text") : t("empty_text")} /> : null}
      {entries.length > 0 ? (
        <AuditList
          entries={entries}
          isStale={query.isPlaceholderData}
          onRecord={(entry: AuditEntry) => set({ record: { id: entry.entity_id, name: entry.entity_name || entry.entity_id } })}
          onEnd={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      ) : null}
    </section>
  );
}

type FiltersProps = { scope: AuditScope; form: Form; people: readonly Person[]; onChange: (change: Partial<Form>) => void; onClear: (() => void) | null };

function Filters({ scope, form, people, onChange, onClear }: FiltersProps) {
  const t = auditWords.use();
  return (
    <div className={styles.filters} role="search" aria-label={t("audit")}>
      <TextInput aria-label={t("text")} placeholder={t("text_hint")} w={190} value={form.text} onChange={(event) => onChange({ text: event.target.value })} />
      {people.length > 0 ? (
        <Select
          aria-label={t("person")}
          w={190}
          searchable
          value={form.actor ?? "all"}
          onChange={(value) => onChange({ actor: value === "all" ? null : value })}
          data={[{ value: "all", label: t("person_all") }, ...people]}
        />
      ) : null}
      <Select
        aria-label={t("action")}
        w={190}
        value={form.noun}
        onChange={(value) => onChange({ noun: value ?? "all" })}
        data={[{ value: "all", label: t("action_all") }, ...NOUNS[scope].map((noun) => ({ value: noun, label: readWord(t, `noun_${noun}`) ?? noun }))]}
      />
      <Select aria-label={t("time_range")} w={170} value={form.range} onChange={(value) => onChange({ range: (value ?? "all") as Range })} data={RANGES.map((range) => ({ value: range, label: t(`range_${range}`) }))} />
      {form.range === "custom" ? (
        <>
          <TextInput type="date" aria-label={t("from")} w={150} value={form.from} max={form.to || undefined} onChange={(event) => onChange({ from: event.target.value })} />
          <TextInput type="date" aria-label={t("to")} w={150} value={form.to} min={form.from || undefined} onChange={(event) => onChange({ to: event.target.value })} />
        </>
      ) : null}
      {form.record ? <ActionButton size="small" icon={IconX} label={t("record_only", { name: form.record.name })} hasText isPressed onClick={() => onChange({ record: null })} /> : null}
      {onClear ? <ActionButton icon={IconFilterOff} label={t("clear")} onClick={onClear} /> : null}
    </div>
  );
}

/** Fetched with the session's token, so it cannot be a plain link. */
function Export({ scope, filters }: { scope: AuditScope; filters: AuditFilters }) {
  const t = auditWords.use();
  const describe = useErrorText();
  const save = useMutation({
    mutationFn: (format: ExportFormat) => calls.exportAudit(scope, filters, format),
    onSuccess: (file, format) => {
      const address = URL.createObjectURL(file);
      const link = document.createElement("a");
      link.href = address;
      link.download = `audit-${new Date().toISOString().slice(0, 10)}.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    },
    onError: (error) => showToast(describe(error)),
  });
  return (
    <Menu position="bottom-end" width={250}>
      <Menu.Target>
        <Button variant="default" loading={save.isPending} leftSection={<IconDownload size={18} stroke={1.5} aria-hidden />}>
          {t("export")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => save.mutate("csv")}>{t("export_csv")}</Menu.Item>
        <Menu.Item onClick={() => save.mutate("jsonl")}>{t("export_jsonl")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
