import { quantileSorted } from 'simple-statistics';
import type { CpuSeconds } from './resources.ts';

/** One measurement: one round of one variant of a bench. */
export interface Measured {
  /** For example `pipeline`. */
  readonly bench: string;
  /** What is measured, where the bench has several; for example `bullmq coalesced`. */
  readonly variant: string;
  /** 1-based. */
  readonly round: number;
  /** By name: `orders/s`, `seconds`, `p99 ms`, … */
  readonly figures: Readonly<Record<string, number>>;
  /** CPU of every process while the clock ran, in microseconds an order. */
  readonly cpuMicroseconds?: Readonly<Record<string, number>>;
}

/** What was measured, without its round. */
export type Measurement = Omit<Measured, 'round'>;

/** CPU seconds as microseconds an order; what is below a tenth is left out. */
export function perOrder(cpu: CpuSeconds, orders: number): Record<string, number> {
  const entries = Object.entries(cpu).map(
    ([name, seconds]) => [name, Math.round((seconds / orders) * 1e7) / 10] as const,
  );
  return Object.fromEntries(entries.filter(([, microseconds]) => microseconds >= 0.1));
}

/** Waits in milliseconds as figures: `p50 ms` and so on for the percents, and `worst ms`. */
export function waitFigures(milliseconds: readonly number[], ...percents: readonly number[]): Record<string, number> {
  const sorted = milliseconds.toSorted((one, other) => one - other);
  const figures = percents.map((percent) => [`p${percent} ms`, quantileSorted(sorted, percent / 100)] as const);
  return { ...Object.fromEntries(figures), 'worst ms': quantileSorted(sorted, 1) };
}
