/** Numbers as people read them. Pure. */

/** `3:07`, `1:02:45`. Negative times (clocks that disagree) count as none. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `0.62 s`, `12 s`, `3:20`. */
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
