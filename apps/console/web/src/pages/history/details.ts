import { count } from '../../format/number.ts';

/** Eight digits tell two sums apart. */
const SHA256 = /^[0-9a-f]{64}$/;

/** `system: system-1, published count: 12`; nothing where there is nothing. Pure. */
export const detailsText = (details: Readonly<Record<string, unknown>>): string =>
  Object.entries(details)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${textOf(value)}`)
    .join(', ');

function textOf(value: unknown): string {
  if (typeof value === 'number') return count(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  return SHA256.test(value) ? `${value.slice(0, 8)}…` : value;
}
