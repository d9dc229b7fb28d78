// Sent per day as grey bars, replies as the one accent series in front; its own file because the chart library loads late.
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { CampaignDay } from "../../api/types";
import { useFormat } from "../../i18n/format";
import styles from "./campaign.module.css";
import { campaignWords } from "./words";

const TICK = { fill: "var(--text-secondary)", fontSize: 11 };

export default function DailyChart({ days, onDay }: { days: CampaignDay[]; /** Shows what is behind a day. */ onDay: ((day: string) => void) | null }) {
  const t = campaignWords.use();
  const format = useFormat();
  return (
    <div className={styles.chart} data-clickable={onDay !== null} role="img" aria-label={t("chart_label")}>
      <ResponsiveContainer width="100%" height="100%">
        <BarChart data={days} margin={{ top: 8, right: 0, bottom: 0, left: 0 }} barCategoryGap="28%" accessibilityLayer={false} onClick={({ activeLabel }) => (activeLabel === undefined ? undefined : onDay?.(String(activeLabel)))}>
          <CartesianGrid vertical={false} stroke="var(--gridline)" />
          <XAxis dataKey="day" tickFormatter={format.plainDay} tick={TICK} tickLine={false} axisLine={{ stroke: "var(--border)" }} minTickGap={28} />
          {/* A second, hidden axis puts the replies in front of the sent bars instead of beside them. */}
          <XAxis xAxisId="front" dataKey="day" hide />
          <YAxis width={36} tick={TICK} tickLine={false} axisLine={false} allowDecimals={false} tickFormatter={format.number} />
          <Tooltip
            cursor={{ fill: "var(--hover)" }}
            isAnimationActive={false}
            content={({ payload }) => {
              const day = payload?.[0]?.payload as CampaignDay | undefined;
              if (!day) return null;
              return (
                <div className={styles.tip}>
                  <strong>{format.plainDay(day.day)}</strong>
                  <div>{`${t("sent")}: ${format.number(day.sent)}`}</div>
                  <div>{`${t("replied")}: ${format.number(day.replied)}`}</div>
                </div>
              );
            }}
          />
          <Bar dataKey="sent" fill="var(--chart-grey)" radius={[2, 2, 0, 0]} isAnimationActive={false} />
          <Bar xAxisId="front" dataKey="replied" fill="var(--accent)" radius={[2, 2, 0, 0]} isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}
