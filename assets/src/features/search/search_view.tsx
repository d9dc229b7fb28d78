// Search as you type over all messages; a hit opens its conversation beside the results.
import { Button, Popover, SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconHelp, IconSearch, IconX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { searchQuery } from "../../api/queries";
import { ActionButton } from "../../components/action_button";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { useIsPhone } from "../../components/viewport";
import { useFormat } from "../../i18n/format";
import { useCommand } from "../../keyboard/commands";
import { ConversationPane } from "../inbox/conversation_pane";
import { Split } from "../inbox/split";
import { SearchGuide } from "./guide";
import { explainRefusal } from "./refusal";
import { Results } from "./results";
import styles from "./search.module.css";
import { searchWords } from "./words";

const TYPING_PAUSE_MS = 120;
/** A handful of events is the second before indexing, not worth a word. */
const LAG_WORTH_SAYING = 100;

export function SearchView() {
  const t = searchWords.use();
  const navigate = useNavigate();
  const isPhone = useIsPhone();
  const address = useSearch({ from: "/app/search" });
  const sort = address.sort ?? "date";
  const openId = address.conversation ?? null;
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(address.q ?? "");
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [q] = useDebouncedValue(typed.trim(), TYPING_PAUSE_MS);

  // The address follows the typing; a change that comes from outside (palette, back button) follows into the field.
  const written = useRef(address.q ?? "");
  useEffect(() => {
    if (q === written.current) return;
    written.current = q;
    void navigate({ to: "/search", search: (previous) => ({ ...previous, q: q || undefined }), replace: true });
  }, [q, navigate]);
  useEffect(() => {
    const outside = address.q ?? "";
    if (outside === written.current) return;
    written.current = outside;
    setTyped(outside);
  }, [address.q]);

  const query = useInfiniteQuery(searchQuery(q, sort));
  const hits = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const readOn = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const close = () => void navigate({ to: "/search", search: (previous) => ({ ...previous, conversation: undefined }) });
  const pick = (example: string) => {
    setTyped(example);
    setHelpOpen(false);
    input.current?.focus();
  };
  const clearAction = (
    <Button variant="default" onClick={() => pick("")}>
      {t("clear")}
    </Button>
  );
  useCommand("search", () => {
    input.current?.focus();
    input.current?.select();
  });
  useCommand("next", () => moveFocus(1));
  useCommand("previous", () => moveFocus(-1));

  return (
    <Split
      title={t("title")}
      isOpen={openId !== null}
      list={
        <section className={styles.pane} aria-label={t("title")}>
          <div className={styles.bar}>
            <div className={styles.inputLine}>
              <div className={styles.inputBox}>
                <IconSearch size={18} stroke={1.5} aria-hidden />
                <input
                  ref={input}
                  className={styles.input}
                  type="search"
                  aria-label={t("input")}
                  placeholder={t("input")}
                  value={typed}
                  maxLength={500}
                  autoFocus={openId === null}
                  onChange={(event) => setTyped(event.target.value)}
                  onKeyDown={(event) => {
                    if (event.key === "Enter" || event.key === "ArrowDown") {
                      event.preventDefault();
                      const first = document.querySelector<HTMLElement>("[data-hit]");
                      if (event.key === "Enter") first?.click();
                      else first?.focus();
                    } else if (event.key === "Escape") {
                      event.currentTarget.blur();
                    }
                  }}
                />
                {typed === "" ? null : <ActionButton size="small" icon={IconX} label={t("clear")} onClick={() => pick("")} />}
              </div>
              <Popover position="bottom-end" width={isPhone ? 350 : 520} opened={isHelpOpen} onChange={setHelpOpen} withRoles={false}>
                <Popover.Target>
                  <span>
                    <ActionButton icon={IconHelp} label={t("help")} isExpanded={isHelpOpen} onClick={() => setHelpOpen(!isHelpOpen)} />
                  </span>
                </Popover.Target>
                <Popover.Dropdown>
                  <SearchGuide onPick={pick} />
                </Popover.Dropdown>
              </Popover>
            </div>
            {q === "" || query.isError ? null : <InfoLine page={query.data?.pages[0]} sort={sort} />}
          </div>
          {q === "" && isPhone ? (
            <div className={styles.guidePane}>
              <GuidePane onPick={pick} />
            </div>
          ) : null}
          {q === "" && !isPhone ? <PaneMessage title={t("empty")} text={t("empty_hint")} /> : null}
          {q !== "" && query.isError ? (
            query.error instanceof ApiError && query.error.status === 400 ? (
              <PaneMessage title={t("invalid")} text={t(explainRefusal(query.error.message))} action={clearAction} />
            ) : (
              <PaneError title={t("error")} error={query.error} onRetry={() => void query.refetch()} />
            )
          ) : null}
          {q !== "" && query.isSuccess && hits.length === 0 ? <PaneMessage title={t("none")} text={t("none_text")} action={clearAction} /> : null}
          {q !== "" && !query.isError && hits.length > 0 ? (
            <Results hits={hits} openId={openId} isStale={query.isPlaceholderData} searchKey={`${q}/${sort}`} hasMore={hasNextPage} onMore={readOn} />
          ) : null}
        </section>
      }
      thread={
        openId === null && hits.length > 0 && q !== "" ? (
          <div className={styles.pick}>
            <PaneMessage title={t("pick_title")} text={t("pick_text")} />
          </div>
        ) : openId === null ? (
          <div className={styles.guidePane}>
            <GuidePane onPick={pick} />
          </div>
        ) : (
          <ConversationPane
            conversationId={openId}
            known={hits.find((hit) => hit.conversation.id === openId)?.conversation}
            onBack={close}
            onArchived={() => undefined}
          />
        )
      }
    />
  );
}

function InfoLine({ page, sort }: { page: { total: number; is_total_capped: boolean; took_ms: number; lag_events: number } | undefined; sort: "date" | "relevance" }) {
  const t = searchWords.use();
  const format = useFormat();
  const navigate = useNavigate();
  return (
    <>
      <div className={styles.infoLine}>
        <span role="status">
          {page ? t("total", { count: page.total, shown: `${format.number(page.total)}${page.is_total_capped ? "+" : ""}` }) : ""}
          {page ? ` · ${t("took", { ms: Math.max(1, Math.round(page.took_ms)) })}` : ""}
        </span>
        <SegmentedControl
          aria-label={t("sort")}
          value={sort}
          onChange={(value) => void navigate({ to: "/search", search: (previous) => ({ ...previous, sort: value === "relevance" ? "relevance" : undefined }), replace: true })}
          data={[
            { value: "date", label: t("sort_date") },
            { value: "relevance", label: t("sort_relevance") },
          ]}
        />
      </div>
      {page && page.lag_events > LAG_WORTH_SAYING ? <p className={styles.lag}>{t("lag", { shown: format.number(page.lag_events) })}</p> : null}
    </>
  );
}

function GuidePane({ onPick }: { onPick: (query: string) => void }) {
  const t = searchWords.use();
  return (
    <div className={styles.guide}>
      <h2>{t("help")}</h2>
      <p>{t("empty_text")}</p>
      <SearchGuide onPick={onPick} />
    </div>
  );
}

function moveFocus(distance: 1 | -1): void {
  const hits = [...document.querySelectorAll<HTMLElement>("[data-hit]")];
  const current = hits.findIndex((hit) => hit === document.activeElement || hit.getAttribute("aria-current") === "true");
  hits[current === -1 ? 0 : current + distance]?.focus();
}
