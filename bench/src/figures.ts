import { max, median, min } from 'simple-statistics';
import type { Measured } from './measured.ts';

/** A median of the rounds, with its spread. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const all = [...values];
  return { median: median(all), least: min(all), most: max(all), rounds: all.length };
}

/** What one variant came to in each round: its figure of that name. */
export function figuresOf(measured: readonly Measured[], bench: string, variant: string, figure: string): number[] {
  return measured
    .filter((one) => one.bench === bench && one.variant === variant)
    .flatMap((one) => one.figures[figure] ?? []);
}

/** Round by round, so that what is compared was measured within minutes; then the median of these ratios. */
export function ratioOf(figures: readonly number[], others: readonly number[]): Spread | undefined {
  const ratios = figures.flatMap((figure, index) => {
    const other = others[index];
    return other === undefined ? [] : figure / other;
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** One line for people: the figures of a measurement, and where the CPU went. */
export function figuresLine({ bench, variant, figures, cpuMicroseconds = {} }: Measured): string {
  const said = Object.entries(figures).map(([name, value]) => `${short(value)} ${name}`);
  const cpu = Object.entries(cpuMicroseconds).map(([name, value]) => `${name} ${short(value)}`);
  const total = Object.values(cpuMicroseconds).reduce((sum, value) => sum + value, 0);
  const spent = cpu.length === 0 ? '' : ` | CPU, µs an order: ${cpu.join(', ')}, all ${short(total)}`;
  return `${bench} ${variant}: ${said.join(', ')}${spent}`;
}

/** Each variant's rate beside that of the ceiling. */
export function ratioLines(measured: readonly Measured[]): string[] {
  const ceiling = figuresOf(measured, 'ceiling', 'bare amqplib', 'orders/s');
  const variants = new Map(measured.map((one) => [`${one.bench} ${one.variant}`, one]));
  return [...variants.values()].flatMap(({ bench, variant }) => {
    const rates = figuresOf(measured, bench, variant, 'orders/s');
    if (rates.length === 0) return [];
    const { median: rate, least, most } = spreadOf(rates);
    const ratio = ratioOf(rates, ceiling);
    const beside = ratio === undefined ? '' : `, ${ratio.median.toFixed(2)} x ceiling`;
    return [`${bench} ${variant}: ${short(rate)} orders/s (${short(least)} to ${short(most)})${beside}`];
  });
}

/** Three digits that matter; whole numbers from 100 on. */
export function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
