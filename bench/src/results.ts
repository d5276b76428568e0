import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import type { Size } from './bench.ts';
import type { Machine } from './machine.ts';
import type { Measured } from './measured.ts';

/** A run of benches, as it is kept. */
export interface Results {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly minutes: number;
  readonly size: Size;
  readonly machine: Machine;
  readonly measured: readonly Measured[];
}

const DIRECTORY = join(REPOSITORY, 'bench', 'results');

/** Writes a run to `bench/results/<date>.json`. A later run of the same day replaces it. */
export function keepResults(results: Results): string {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${results.startedAt.slice(0, 10)}.json`);
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  writeFileSync(file, `${JSON.stringify(results, rounded, 2)}\n`);
  return file;
}

/** The latest run that was kept. */
export function latestResults(): Results | undefined {
  const latest = readdirSync(DIRECTORY)
    .filter((name) => /^\d{4}-\d\d-\d\d[.]json$/.test(name))
    .sort()
    .at(-1);
  return latest === undefined ? undefined : (JSON.parse(readFileSync(join(DIRECTORY, latest), 'utf8')) as Results);
}
