// Dates, times and numbers by locale and the account's time zone, through Intl only.
import { useSyncExternalStore } from "react";
import { useSession } from "../api/session";
import { useLanguage } from "./words";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function pickLocale(language: string): string {
  return navigator.languages.find((locale) => locale.toLowerCase().startsWith(language)) ?? (language === "de" ? "de-CH" : "en-GB");
}

function checkTimeZone(timeZone: string | undefined): string | undefined {
  try {
    return timeZone ? new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone : undefined;
  } catch {
    return undefined;
  }
}

function capitalise(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

type Formatter<Value> = { format: (value: Value) => string };

/** Intl objects take a millisecond each to make, so each waits for its first use. */
function whenUsed<Value>(make: () => Formatter<Value>): Formatter<Value> {
  let made: Formatter<Value> | undefined;
  return { format: (value) => (made ??= make()).format(value) };
}

function makeFormat(locale: string, timeZone: string | undefined) {
  const date = (options: Intl.DateTimeFormatOptions) => whenUsed<number>(() => new Intl.DateTimeFormat(locale, { timeZone, ...options }));
  const number = (options: Intl.NumberFormatOptions) => whenUsed<number>(() => new Intl.NumberFormat(locale, options));
  const exact = date({ dateStyle: "full", timeStyle: "medium" });
  const clock = date({ hour: "2-digit", minute: "2-digit" });
  const clockSeconds = date({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dayMonth = date({ day: "numeric", month: "short" });
  const dayMonthYear = date({ day: "numeric", month: "short", year: "numeric" });
  const dayLong = date({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const dayKey = whenUsed<number>(() => new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }));
  const year = whenUsed<number>(() => new Intl.DateTimeFormat("en", { timeZone, year: "numeric" }));
  const now = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const minutes = number({ style: "unit", unit: "minute", unitDisplay: "narrow" });
  const hours = number({ style: "unit", unit: "hour", unitDisplay: "narrow" });
  const whole = number({ maximumFractionDigits: 0 });
  const percent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const wholePercent = number({ style: "percent", maximumFractionDigits: 0 });
  const plainDay = date({ timeZone: "UTC", day: "numeric", month: "short" });
  const dayOf = (atMs: number) => dayKey.format(atMs);
  return {
    locale,
    exact: (atMs: number) => exact.format(atMs),
    clock: (atMs: number) => clock.format(atMs),
    clockSeconds: (atMs: number) => clockSeconds.format(atMs),
    dayOf,
    /** Relative under a day, a date after that. */
    short: (atMs: number, nowMs: number) => {
      const age = nowMs - atMs;
      if (age < MINUTE_MS) return now.format(0, "second");
      if (age < HOUR_MS) return minutes.format(Math.floor(age / MINUTE_MS));
      if (age < 24 * HOUR_MS) return hours.format(Math.floor(age / HOUR_MS));
      return year.format(atMs) === year.format(nowMs) ? dayMonth.format(atMs) : dayMonthYear.format(atMs);
    },
    /** Heading of a day in a thread. */
    day: (atMs: number, nowMs: number) => {
      if (dayOf(atMs) === dayOf(nowMs)) return capitalise(now.format(0, "day"), locale);
      if (dayOf(atMs) === dayOf(nowMs - 24 * HOUR_MS)) return capitalise(now.format(-1, "day"), locale);
      return dayLong.format(atMs);
    },
    /** A moment in one line where no heading names its day. */
    dayTime: (atMs: number, nowMs: number) => {
      const isRecent = dayOf(atMs) === dayOf(nowMs) || dayOf(atMs) === dayOf(nowMs - 24 * HOUR_MS);
      if (isRecent) return `${capitalise(now.format(dayOf(atMs) === dayOf(nowMs) ? 0 : -1, "day"), locale)}, ${clock.format(atMs)}`;
      return `${(year.format(atMs) === year.format(nowMs) ? dayMonth : dayMonthYear).format(atMs)}, ${clock.format(atMs)}`;
    },
    dateTime: (atMs: number) => `${dayMonthYear.format(atMs)}, ${clock.format(atMs)}`,
    date: (atMs: number) => dayMonthYear.format(atMs),
    /** A calendar day as the server names it: YYYY-MM-DD, which belongs to no time zone. */
    plainDay: (day: string) => plainDay.format(Date.parse(`${day}T00:00:00Z`)),
    /** A size in the largest unit in which it is one or more. */
    bytes: (value: number) => {
      const step = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log(Math.max(value, 1)) / Math.log(1000)));
      const shown = value / 1000 ** step;
      const unit = BYTE_UNITS[step] ?? "byte";
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: shown < 10 && step > 0 ? 1 : 0 }).format(shown);
    },
    number: (value: number) => whole.format(value),
    wholePercent: (value: number) => wholePercent.format(value),
    percent: (value: number | null) => (value === null ? "–" : percent.format(value)),
  };
}

export type Format = ReturnType<typeof makeFormat>;

const formats = new Map<string, Format>();

/** Intl objects are expensive to make, so each pair of language and time zone is made once. */
function readFormat(language: string, timeZone: string | undefined): Format {
  const key = `${language}/${timeZone}`;
  const known = formats.get(key);
  if (known) return known;
  const made = makeFormat(pickLocale(language), checkTimeZone(timeZone));
  formats.set(key, made);
  return made;
}

export function useFormat(): Format {
  const language = useLanguage();
  const session = useSession();
  const timeZone = session.status === "signed_in" ? session.account.time_zone : undefined;
  return readFormat(language, timeZone);
}

let nowMs = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}, 30_000);

/** The current time, changing twice a minute, so that relative times stay true without each row owning a timer. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => nowMs,
  );
}
