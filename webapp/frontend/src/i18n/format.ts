/** Numbers and times as people read them, in one language. Pure but for the time now. */

import { serverClock } from "../api/clock";
import type { Language } from "./language";

export interface Format {
  readonly language: Language;
  /** `7`, `1,234`, `12.3K`: how many, short. */
  count(value: number): string;
  /** `1,234,567`: exactly. */
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** Seconds as `3:07`, `1:02:45`; negative ones (clocks that disagree) count as none. */
  duration(seconds: number): string;
  /** `3 minutes ago`, by the server's clock; `now` in milliseconds. */
  ago(time: string | number | Date, now?: number): string;
  /** `23 Nov 2026`. */
  date(time: string | number | Date): string;
  /** `23 Nov 2026, 14:05`. */
  dateTime(time: string | number | Date): string;
  /** `14:05`. */
  time(time: string | number | Date): string;
  /** `November 2026`. */
  month(time: string | number | Date): string;
  /** `a, b and c`. */
  list(items: readonly string[]): string;
  /** `12,00 €`; `amount` in the smallest unit of the currency (ISO 4217, any case). */
  money(amount: number, currency: string): string;
}

const LOCALES: Readonly<Record<Language, string>> = { en: "en", de: "de" };
const COUNT_FROM = 10_000;
/** Units of `ago`, each from so many seconds on. */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

const made = new Map<Language, Format>();

export function formatOf(language: Language): Format {
  const known = made.get(language) ?? make(language);
  made.set(language, known);
  return known;
}

function make(language: Language): Format {
  const locale = LOCALES[language];
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  // German has no short form of thousands of its own; `12,3 Tsd.` is what Intl gives.
  const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const month = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
  const list = new Intl.ListFormat(locale);
  const told = (format: Intl.DateTimeFormat, at: string | number | Date): string => {
    const moment = new Date(at);
    return Number.isNaN(moment.getTime()) ? "" : format.format(moment);
  };
  return {
    language,
    count: (value) => (value < COUNT_FROM ? whole : short).format(value),
    number: (value, options) => (options === undefined ? whole : new Intl.NumberFormat(locale, options)).format(value),
    duration,
    ago: (at, now = serverClock.now()) => ago(relative, new Date(at).getTime(), now),
    date: (at) => told(date, at),
    dateTime: (at) => told(dateTime, at),
    time: (at) => told(time, at),
    month: (at) => told(month, at),
    list: (items) => list.format(items),
    money: (amount, currency) => money(locale, amount, currency),
  };
}

function ago(relative: Intl.RelativeTimeFormat, atMs: number, nowMs: number): string {
  if (Number.isNaN(atMs)) {
    return "";
  }
  const seconds = (atMs - nowMs) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) {
      return relative.format(Math.trunc(seconds / size), unit);
    }
  }
  return relative.format(0, "second"); // now
}

function money(locale: string, amount: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency: currency.toUpperCase() });
    return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${amount} ${currency}`; // not a currency that the browser knows
  }
}

/** `3:07`, `1:02:45`. */
export function duration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `0.62 s`, `12 s`, `3:20`: how far behind live. */
export function latency(seconds: number): string {
  if (seconds < 10) {
    return `${Math.max(0, seconds).toFixed(2)} s`;
  }
  return seconds < 60 ? `${Math.round(seconds)} s` : duration(seconds);
}

/** Seconds since an RFC 3339 time; 0 if it is not one. */
export function since(time: string | null, nowMs: number): number {
  const start = time === null ? NaN : Date.parse(time);
  return Number.isNaN(start) ? 0 : Math.max(0, (nowMs - start) / 1000);
}
