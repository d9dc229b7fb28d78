// A time: relative under a day, a date after that, the exact moment on hover.
import { useFormat, useNow } from "../i18n/format";

export function RelativeTime({ atMs }: { atMs: number }) {
  const format = useFormat();
  const now = useNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={format.exact(atMs)}>
      {format.short(atMs, now)}
    </time>
  );
}
