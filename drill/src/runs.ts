import { setTimeout as sleep } from 'node:timers/promises';
import { ordersTable } from '@esteira/orders/source';
import { rowsBehind } from '@esteira/postgres-source';
import { positionOf, type CursorView } from '@esteira/relay';
import type { Connections } from '@esteira/cli/connections';
import type { Arena } from './arena.ts';
import type { Chance } from './chance.ts';
import type { Ledger } from './ledger.ts';

/** What keeping the runs going needs. */
export interface RunsOptions {
  readonly arena: Arena;
  readonly connections: Connections;
  readonly ledger: Ledger;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

type System = Connections['systems'][number];

const LOOK_EVERY_MS = 200;

/** Runs each system again whenever it is idle and rows are behind, as a person or a timer would. Ends with `signal`. */
export async function keepRunning(options: RunsOptions): Promise<void> {
  await Promise.all(
    options.connections.systems.map(async (system) => {
      while (!options.signal.aborted) {
        // A server that is away is asked again.
        await runIfIdle(system, options).catch(() => undefined);
        await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal }).catch(() => undefined);
      }
    }),
  );
}

async function runIfIdle(system: System, { arena, ledger, chance, signal }: RunsOptions): Promise<void> {
  const view = await system.cursor.read();
  if (view.status === 'RUNNING' && !view.interrupted) return;
  const { url } = arena.process(`api-${system.name}`);
  const post = (path: string, body: object) => postJson(`${url}/v0/process/${path}`, body, signal);
  if (view.status === 'ERROR') {
    ledger.oddities.push(`${system.name}: a run ended in ERROR: ${view.error?.message ?? 'no reason'}`);
    await post('unblock', {});
  }
  const { rows } = await rowsBehind(system.source, ordersTable, positionOf(view), 1);
  if (rows > 0) await post('run', { follow: chance.percent(50) });
}

/** Whether nothing of a system is left to publish. */
export async function isPublished({ source, cursor }: System): Promise<boolean> {
  const view: CursorView = await cursor.read();
  return (await rowsBehind(source, ordersTable, positionOf(view), 1)).rows === 0;
}

async function postJson(url: string, body: object, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  });
  await response.arrayBuffer();
  return response.status;
}
