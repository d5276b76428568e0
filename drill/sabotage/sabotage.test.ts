import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateServers, type PrivateServers } from '@esteira/infra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holds } from '../src/checks/result.ts';
import { runDrill, type DrillResult } from '../src/drill.ts';
import type { Fault } from '../src/faults.ts';
import type { Plan, Step, Track } from '../src/schedule.ts';
import { freshSettings } from './fresh.ts';
import { sabotages, type Rewrite } from './sabotages.ts';

type Name = keyof typeof sabotages;

/** The longest a drill may take here. On a quiet machine it takes a quarter of a minute. */
const DRILL_MS = 170_000;
const times = <T>(n: number, item: T): T[] => Array.from({ length: n }, () => item);
/** A track for each process of a kind. */
const each = ({ processes }: Plan, kind: 'api' | 'consumer', steps: (process: string) => Step[]): Track[] =>
  processes.filter((name) => name.startsWith(kind)).map((name) => ({ name, steps: steps(name) }));
const after = (afterMs: number, fault: Fault): Step => ({ afterMs, fault });

const killConsumers =
  (kills: number) =>
  (plan: Plan): Track[] =>
    each(plan, 'consumer', (process) => times(kills, after(500, { kind: 'kill', process })));
/** Only the load itself: transactions that commit late, and what the calm brings. */
const calm = (): Track[] => [{ name: 'calm', steps: [after(1_000, { kind: 'copies', count: 20 })] }];

/** The faults under which each sabotage shows: few, and seconds long. */
const exposing: Record<Name, (plan: Plan) => Track[]> = {
  'ack before store': killConsumers(3),
  // Only while a batch is overtaken is there something to lose.
  'ack across a gap': killConsumers(8),
  'cursor before confirm': (plan) => each(plan, 'api', (process) => times(3, after(1_000, { kind: 'kill', process }))),
  'no watermark': calm,
  'retry not confirmed': () => [{ name: 'broker', steps: times(3, after(300, { kind: 'refusal', ms: 700 })) }],
  'no recall': calm,
  'round ignored': calm,
  'journal off': () => [{ name: 'log', steps: times(4, after(300, { kind: 'server-kill', server: 'mongodb' })) }],
};

let servers: PrivateServers;
let logDirectory: string;

beforeAll(async () => {
  servers = await startPrivateServers(process.env, () => undefined);
  logDirectory = mkdtempSync(join(tmpdir(), 'drill-'));
}, 180_000);

afterAll(async () => {
  await servers.end('remove');
  rmSync(logDirectory, { recursive: true, force: true });
}, 60_000);

async function drill(tracks: (plan: Plan) => Track[], rewrites: readonly Rewrite[]): Promise<DrillResult> {
  return runDrill({
    servers,
    env: {
      ...(await freshSettings(servers.settings)),
      LEASE_MS: '2000',
      // Longer than the slow coin takes, and a few batches ahead, most of them without a slow one: they overtake it.
      ATTEMPT_TIMEOUT_MS: '4000',
      BATCH_SIZE: '40',
      VERIFIER_MODULE: join(import.meta.dirname, 'slow-coin.ts'),
      SABOTAGE: JSON.stringify(rewrites),
    },
    imports: [join(import.meta.dirname, 'rewrite.ts')],
    base: { PATH: process.env['PATH'] ?? '' },
    logDirectory,
    orders: 3_000,
    ahead: 1,
    seed: 7,
    kills: 1,
    outageMs: 0,
    tracks,
    patienceMs: 8_000,
    onSample: () => undefined,
    report: () => undefined,
    signal: AbortSignal.timeout(DRILL_MS),
  });
}

const broken = ({ checks }: DrillResult) =>
  checks.filter((check) => !holds(check)).map(({ guarantee, problems }) => `${guarantee}: ${problems.join(' · ')}`);

describe('the drill', () => {
  it.each(Object.entries(sabotages))('notices: %s', { timeout: DRILL_MS + 10_000 }, async (name, sabotage) => {
    const result = await drill(exposing[name as Name], sabotage.rewrites);
    expect(broken(result)).toContainEqual(expect.stringContaining(sabotage.breaks));
  });

  it('finds nothing under the same faults where nothing is made wrong', { timeout: DRILL_MS + 10_000 }, async () => {
    // So many kills as a gap takes would end a consumer too often with one order alone in it: that is given up, rightly.
    const few = Object.values({ ...exposing, 'ack across a gap': calm });
    const result = await drill((plan) => few.flatMap((tracks) => tracks(plan)), []);
    expect(broken(result)).toEqual([]);
  });
});
