import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that can be repeated: the same seed gives the same answers to the same questions. */
export interface Chance {
  /** A whole number, both ends included. */
  between(from: number, to: number): number;
  /** True in `of` of a hundred cases. */
  percent(of: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** A chance of its own, so that what one part asks does not change what another is told. */
  fork(name: string): Chance;
}

/** Chance from a seed, a whole number. */
export function chanceOf(seed: number): Chance {
  const generator = xoroshiro128plus(seed | 0);
  const between = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    between,
    percent: (of) => between(1, 100) <= of,
    pick: (items) => items[between(0, items.length - 1)] ?? items[0],
    shuffled: (items) => {
      const rest = [...items];
      return items.flatMap(() => rest.splice(between(0, rest.length - 1), 1));
    },
    fork: (name) => chanceOf(Buffer.from(name).reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, seed | 0)),
  };
}

/** A seed for a drill that was given none. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000_000);
}
