import type { ServiceStatus } from '@esteira/infra';
import { watermark } from '@esteira/postgres-source';
import type { Connections } from '../connections.ts';
import { figures } from '../figures.ts';
import type { Watched } from './watch.ts';

/** Why nothing moves any more, as far as can be seen: what is down, what is held back, what the servers answered. */
export async function whatIsStuck(
  { progress, fault }: Extract<Watched, { kind: 'stuck' }>,
  connections: Connections,
  services: readonly ServiceStatus[],
): Promise<string[]> {
  const notes = await figures(connections, services);
  const holders = await Promise.all(connections.systems.map(heldBack));
  const apps = services.filter(({ kind, state }) => kind === 'app' && state === 'up');
  const unready = await Promise.all(apps.map(notReady));
  return [
    ...(fault === undefined ? [] : [`The last look failed: ${fault.message}`]),
    ...(progress === undefined ? ['Nothing could be counted.'] : stillUnderWay(progress)),
    ...services.filter(({ state }) => state !== 'up').map(({ name, state }) => `${name} is ${state}.`),
    ...[...notes].map(([service, note]) => `${service}: ${note}`),
    ...unready.flat(),
    ...holders.flat(),
    '`make logs` shows what each process says. `make demo` goes on from here.',
  ];
}

function stillUnderWay({
  imported,
  published,
  inLanes,
  waiting,
}: NonNullable<Extract<Watched, { kind: 'stuck' }>['progress']>): string[] {
  return [
    `${imported - published} rows are not published yet.`,
    `${inLanes} messages are in the lanes or with a consumer, ${waiting} wait for a retry.`,
  ];
}

/** A process may be there and do nothing. */
async function notReady({ name, address }: ServiceStatus): Promise<string[]> {
  try {
    const { ok, status } = await fetch(new URL('/health/ready', address), { signal: AbortSignal.timeout(5_000) });
    return ok ? [] : [`${name} says that it is not ready (${status}): ${address}/health/ready tells why.`];
  } catch (error) {
    return [`${name} does not answer at ${address}: ${(error as Error).message}`];
  }
}

/** A transaction that is open for long holds back every row after it. */
async function heldBack({ name, source }: Connections['systems'][number]): Promise<string[]> {
  try {
    const { heldBy } = await watermark(source);
    if (heldBy === undefined) return [];
    const { kind, pid, gid, application = 'unknown', database = 'unknown', ageSeconds } = heldBy;
    const who = kind === 'prepared' ? `prepared transaction ${gid ?? ''}` : `pid ${pid ?? '?'} (${application})`;
    return [`${name}: ${who} in database ${database} holds back the watermark, for ${ageSeconds ?? '?'} s.`];
  } catch (error) {
    return [`${name}: its Postgres does not answer: ${(error as Error).message}`];
  }
}
