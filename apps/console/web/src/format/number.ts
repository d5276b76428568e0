const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const rough = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });

/** `1,234,567`. */
export const count = (value: number): string => whole.format(value);

const GROUPED = /^\d{1,3}(?:,\d{3})+$/;

/** A whole number as somebody may write it, as digits alone: `1,234,567`, as the pages print it, or `007`. Pure. */
export const ungrouped = (text: string): string =>
  (GROUPED.test(text) ? text.replaceAll(',', '') : text).replace(/^0+(?=\d)/, '');

/** `1 order`, `2 orders`. */
export const counted = (value: number, one: string): string => `${whole.format(value)} ${one}${value === 1 ? '' : 's'}`;

/** `1,230/s`, `0.25/s`. */
export const perSecond = (value: number): string => `${value >= 100 ? whole.format(value) : rough.format(value)}/s`;

/** A share of 1 as `12 %`, `0.4 %`; never `100 %` or `0 %` unless it is exactly that. */
export function percent(share: number): string {
  if (share > 0.999 && share < 1) return '> 99.9 %';
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${rough.format(share * 100)} %`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** `1.2 KiB`. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), SIZES.length - 1);
  return `${rough.format(value / 1024 ** power)} ${SIZES[power] ?? 'B'}`;
}
