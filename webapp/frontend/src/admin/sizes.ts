/** Sizes of what is stored, as people read them. Pure. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Bytes as `1.5 GB`; `number` writes numbers in the language of the page. */
export function sizeText(bytes: number, number: (value: number, options: Intl.NumberFormatOptions) => string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return number(value, { style: "unit", unit: UNITS[unit], unitDisplay: "short", maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 });
}
