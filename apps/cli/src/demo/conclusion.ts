import type { DeadLetterGroup } from '@esteira/dead-letters';
import type { ServiceStatus } from '@esteira/infra';
import { watermark } from '@esteira/orders/source';
import type { Connections } from '../connections.ts';
import { figures } from '../figures.ts';
import { renderTable } from '../table.ts';
import type { Watched } from './watch.ts';

/** Dead letters by reason, with an example each. */
export function groupTable(groups: readonly DeadLetterGroup[]): string {
  return renderTable(
    ['dead letters', 'reason', 'error', 'for example'],
    groups.map(({ count, reason, errorCode, example }) => [
      count,
      reason,
      errorCode,
      `${example.system ?? 'unknown system'} ${example.messageId}\n${example.message}`,
    ]),
  );
}

/** Why nothing moves any more, as far as can be seen: what is down, what is held back, what the servers answered. */
export async function whatIsStuck(
  { progress, fault }: Extract<Watched, { kind: 'stuck' }>,
  connections: Connections,
  services: readonly ServiceStatus[],
): Promise<string[]> {
  const notes = await figures(connections, services);
  const holders = await Promise.all(connections.systems.map(heldBack));
  return [
    ...(fault === undefined ? [] : [`The last look failed: ${fault.message}`]),
    ...(progress === undefined ? ['Nothing could be counted.'] : stillUnderWay(progress)),
    ...services.filter(({ state }) => state !== 'up').map(({ name, state }) => `${name} is ${state}.`),
    ...[...notes].map(([service, note]) => `${service}: ${note}`),
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
