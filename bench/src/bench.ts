import type { Arena } from './arena.ts';
import type { Measured, Measurement } from './measured.ts';

/** What is asked of a run of benches. */
export interface Size {
  /** Orders of the pipeline bench. */
  readonly orders: number;
  readonly rounds: number;
}

/** One figure that is measured, in each round. */
export interface Variant {
  /** The bench it belongs to, by which `ONLY` names it. */
  readonly bench: string;
  readonly name: string;
  /** Measured when it is named alone, in a document of its own. */
  readonly isApart?: true;
  /** `known` is what was measured in this run before. */
  measure(arena: Arena, known: readonly Measurement[]): Promise<Measurement[]>;
}

/** The size of a bench whose issue size is `full`, when the pipeline's is `size.orders` in place of 100,000. */
export const scaled = (full: number, { orders }: Size): number => Math.max(100, Math.round((full * orders) / 100_000));

/**
 * Measures all variants, one after another, then all again, `rounds` times: what is compared is measured within
 * minutes of each other, and a machine that gets slower or busier makes all of them slower.
 */
export async function measureInterleaved(
  arena: Arena,
  variants: readonly Variant[],
  rounds: number,
  onMeasured: (measured: Measured) => void,
): Promise<Measured[]> {
  const all: Measured[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const variant of variants) {
      arena.report(`round ${round} of ${rounds}: ${variant.bench}, ${variant.name}`);
      for (const measurement of await variant.measure(arena, all)) {
        const measured = { ...measurement, round };
        all.push(measured);
        onMeasured(measured);
      }
    }
  }
  return all;
}
