// The figures of a period beside those of the period before it; they also name the colours of the chart below.
import { Link } from "@tanstack/react-router";
import type { CampaignDay } from "../../api/types";
import { useFormat } from "../../i18n/format";
import styles from "./campaign.module.css";
import { findChange, sumDays } from "./fill_days";
import { searchFor } from "./rows_behind";
import { Unreliable } from "./unreliable";
import { campaignWords } from "./words";

type PeriodProps = { name: string; days: readonly CampaignDay[]; before: readonly CampaignDay[] };

export function PeriodFigures({ name, days, before }: PeriodProps) {
  const t = campaignWords.use();
  const format = useFormat();
  const sent = sumDays(days, "sent");
  const from = days[0]?.day ?? "";
  const rows = searchFor(name);
  const share = (value: number) => (sent === 0 ? "" : t("share_of", { share: format.percent(value / sent), n: format.number(sent) }));
  const replied = sumDays(days, "replied");
  const bounced = sumDays(days, "bounced");
  const opened = sumDays(days, "opened");
  const figures = [
    { count: "sent", name: t("sent"), note: "", swatch: "var(--chart-grey)", link: rows && `${rows} in:sent after:${from}` },
    { count: "replied", name: t("replies"), note: share(replied), swatch: "var(--accent)", isGood: true, link: rows && `${rows} in:received after:${from}` },
    { count: "auto_replied", name: t("auto_replied"), note: "" },
    { count: "bounced", name: t("bounced"), note: share(bounced), isGood: false },
    { count: "unsubscribed", name: t("unsubscribed"), note: "", isGood: false },
    { count: "opened", name: t("opened"), note: share(opened), isUnreliable: true },
  ] as const;
  return (
    <div className={`${styles.figures} ${styles.period}`}>
      {figures.map((figure) => {
        const value = sumDays(days, figure.count);
        const previous = sumDays(before, figure.count);
        return (
          <div key={figure.count} className={styles.figure}>
            <div className={styles.figureName}>
              {"swatch" in figure ? <span className={styles.swatch} style={{ background: figure.swatch }} /> : null}
              {figure.name}
              {"isUnreliable" in figure ? <Unreliable /> : null}
            </div>
            <div className={styles.figureLine}>
              <FigureValue query={"link" in figure ? figure.link : null}>{format.number(value)}</FigureValue>
              <Change value={value} previous={previous} isGood={"isGood" in figure ? figure.isGood : null} days={days.length} />
            </div>
            <div className={styles.figureNote}>{[figure.note, t("before", { n: format.number(previous) })].filter(Boolean).join(" · ")}</div>
          </div>
        );
      })}
    </div>
  );
}

/** A number that leads to the messages it counts. */
export function FigureValue({ query, children }: { query: string | null; children: string }) {
  const t = campaignWords.use();
  if (!query) return <span className={styles.figureValue}>{children}</span>;
  return (
    <Link to="/search" search={{ q: query }} className={styles.figureValue} title={t("show_rows")}>
      {children}
    </Link>
  );
}

function Change({ value, previous, isGood, days }: { value: number; previous: number; isGood: boolean | null; days: number }) {
  const t = campaignWords.use();
  const format = useFormat();
  const change = findChange(value, previous);
  const hint = t("change_hint", { days, n: format.number(previous) });
  if (change === null) return value === 0 ? null : <span className={styles.change} title={hint}>{t("change_new")}</span>;
  const tone = change === 0 || isGood === null ? "neutral" : change > 0 === isGood ? "positive" : "negative";
  return (
    <span className={styles.change} data-tone={tone} title={hint}>
      {change === 0 ? "±" : change > 0 ? "↑ " : "↓ "}
      {format.wholePercent(Math.abs(change))}
      <span className="visually-hidden"> {hint}</span>
    </span>
  );
}
