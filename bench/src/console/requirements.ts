import { short } from '../figures.ts';
import type { Measured } from '../measured.ts';
import type { Requirement } from '../requirements.ts';

/** The longest that a page may take at p95, in milliseconds. */
export const PAGE_MS = 300;
/** The least that a redrive must send, letters a second, a kill in the middle included. */
const REDRIVEN_PER_SECOND = 5_000;

/** What was measured of pages. */
export const pagesIn = (measured: readonly Measured[]): Measured[] =>
  measured.filter(({ bench, figures }) => bench === 'console' && figures['p95 ms'] !== undefined);

/** What was measured of redrives. */
export const redrivesIn = (measured: readonly Measured[]): Measured[] =>
  measured.filter(({ bench, figures }) => bench === 'console' && figures['letters/s'] !== undefined);

/** The longest until the overview shows its figures in a browser at p95, in milliseconds. */
const USEFUL_MS = 1_000;

/** What was measured of the overview in a browser. */
export const paintsIn = (measured: readonly Measured[]): Measured[] =>
  measured.filter(({ bench, figures }) => bench === 'console' && figures['useful p95 ms'] !== undefined);

/** What must be reached by the console, and what was. */
export function consoleRequirements(measured: readonly Measured[]): Requirement[] {
  const slowest = pagesIn(measured).toSorted((one, other) => p95Of(other) - p95Of(one))[0];
  const pages: Requirement[] =
    slowest === undefined
      ? []
      : [
          {
            bench: 'console',
            must: `< ${PAGE_MS} ms at p95 on every page`,
            reached: `${short(p95Of(slowest))}, ${slowest.variant}`,
            met: p95Of(slowest) < PAGE_MS,
          },
        ];
  const paints = paintsIn(measured).map(({ variant, figures }): Requirement => {
    const ms = figures['useful p95 ms'] ?? 0;
    return {
      bench: 'console',
      must: `< ${short(USEFUL_MS)} ms at p95, ${variant}`,
      reached: short(ms),
      met: ms < USEFUL_MS,
    };
  });
  const redrives = redrivesIn(measured).map(({ variant, figures }): Requirement => {
    const rate = figures['letters/s'] ?? 0;
    const must = `>= ${short(REDRIVEN_PER_SECOND)} letters a second, ${variant}`;
    return { bench: 'console', must, reached: short(rate), met: rate >= REDRIVEN_PER_SECOND };
  });
  return [...pages, ...paints, ...redrives];
}

export const p95Of = ({ figures }: Measured): number => figures['p95 ms'] ?? 0;
