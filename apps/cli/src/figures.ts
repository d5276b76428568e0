import { countDeadLetters } from '@esteira/dead-letters';
import type { ServiceStatus } from '@esteira/infra';
import { queueDepths } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { countStored } from '@esteira/orders/endput';
import { rowsBehind } from '@esteira/postgres-source';
import { positionOf } from '@esteira/relay';
import type { Connections } from './connections.ts';
import { countingNow } from './counting-now.ts';
import { formatted } from './table.ts';

/** What is known of the work of each service that is up, by its name. A server that does not answer says so. */
export async function figures(
  connections: Connections,
  services: readonly ServiceStatus[],
): Promise<ReadonlyMap<string, string>> {
  const isUp = (name: string) => services.some((service) => service.name === name && service.state === 'up');
  const asked: [service: string, needs: string[], ask: () => Promise<string>][] = [
    ...connections.systems.map((system): [string, string[], () => Promise<string>] => [
      `api-${system.name}`,
      [`postgres-${system.name}`, 'redis'],
      () => progressOf(system),
    ]),
    ['rabbitmq', ['rabbitmq'], () => queues(connections)],
    ['endput', ['endput'], () => resting(connections)],
    ['mongodb', ['mongodb'], () => attempts(connections)],
  ];
  const answers = await Promise.all(
    asked
      .filter(([, needs]) => needs.every(isUp))
      .map(async ([service, , ask]): Promise<[string, string]> => [service, await ask().catch(unknown)]),
  );
  return new Map(answers);
}

const unknown = (error: unknown): string => `not known: ${(error as Error).message}`;

async function progressOf({ source, table, cursor }: Connections['systems'][number]): Promise<string> {
  const view = await cursor.read();
  const { rows, more } = await rowsBehind(source, table, positionOf(view));
  const status = view.interrupted ? 'INTERRUPTED' : view.status;
  return `${formatted(rows)}${more ? '+' : ''} rows behind, ${status}${view.error === undefined ? '' : `: ${view.error.message}`}`;
}

async function queues({ management, withBroker }: Connections): Promise<string> {
  const { lanes, waiting, deadLetters, returned } = await withBroker((broker) =>
    queueDepths(countingNow(management, broker, ordersPipeline), ordersPipeline),
  );
  const depths = `primary ${formatted(lanes)}, waiting ${formatted(waiting)}, dead-letter ${formatted(deadLetters)}`;
  return returned > 0 ? `${depths}, returned ${formatted(returned)}` : depths;
}

async function resting({ endput }: Connections): Promise<string> {
  const [stored, dead] = await Promise.all([countStored(endput), countDeadLetters(endput, ordersPipeline.name)]);
  const total = [...stored.values()].reduce((sum, count) => sum + count, 0);
  return `${formatted(total)} stored, ${formatted(dead)} dead letters`;
}

async function attempts({ attemptLog }: Connections): Promise<string> {
  const counts = await attemptLog.countByOrigin(ordersPipeline.name);
  return `${formatted([...counts.values()].reduce((sum, count) => sum + count, 0))} attempts in the log`;
}
