import type { Overview } from '../../api/answers.ts';
import { counted } from '../../format/number.ts';
import { duration } from '../../format/time.ts';

type Quantiles = Overview['attempts']['took'];

/** How long attempts took lately, and how long messages waited for their first; undefined where there were none. Pure. */
export function latelyText({ took, waited }: Pick<Overview['attempts'], 'took' | 'waited'>): string | undefined {
  const attempts = quantilesText(took);
  if (attempts === undefined) return undefined;
  const waits = quantilesText(waited);
  const waiting = waits === undefined ? '' : `; messages waited ${waits} for their first`;
  return `In the last minute ${counted(took.count, 'attempt')} took ${attempts}${waiting}.`;
}

function quantilesText({ p50_ms: p50, p99_ms: p99 }: Quantiles): string | undefined {
  return p50 === null || p99 === null ? undefined : `${duration(p50)} (p50) and ${duration(p99)} (p99)`;
}
