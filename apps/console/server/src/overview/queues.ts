import { names, readyNow, type Broker, type Management, type QueueReport } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Overview } from './schema.ts';

export type QueueDepths = Omit<Overview['queues'], 'as_of' | 'error'>;

const waitDelayOf = (name: string) => names.waitDelayOf(ordersPipeline, name);

/**
 * The queues of the pipeline. What is ready is the broker's own count of this moment; what consumers hold, and what
 * waits in the delayed exchange, the management API counts every 5 s.
 */
export async function askQueues(management: Management, broker: Broker): Promise<QueueDepths> {
  const [reports, delayed] = await Promise.all([
    management.queues(),
    management.exchange(names.delayedExchange(ordersPipeline)),
  ]);
  const lanes = ordersPipeline.lanes.map((lane) => names.lane(ordersPipeline, lane));
  const [deadLetter, returned] = [names.deadLetterQueue(ordersPipeline), names.returnedQueue(ordersPipeline)];
  const ours = reports.filter(
    ({ name }) => [...lanes, deadLetter, returned].includes(name) || waitDelayOf(name) !== undefined,
  );
  const now = await readyNow(
    broker,
    ours.map(({ name }) => name),
  );
  const readyOf = ({ name, ready }: QueueReport) => now.get(name)?.ready ?? ready;
  const allOf = (queue: string) =>
    ours.filter(({ name }) => name === queue).reduce((sum, report) => sum + readyOf(report) + report.unacked, 0);
  return {
    lanes: ours
      .filter(({ name }) => lanes.includes(name))
      .map((report) => ({
        queue: report.name,
        ready: readyOf(report),
        unacked: report.unacked,
        consumers: now.get(report.name)?.consumers ?? report.consumers,
      })),
    waiting: [...waitQueues(ours, readyOf), ...delayedBy(delayed?.messages_delayed)],
    dead_lettered: allOf(deadLetter),
    returned: allOf(returned),
  };
}

function waitQueues(ours: readonly QueueReport[], readyOf: (report: QueueReport) => number): QueueDepths['waiting'] {
  return ours
    .flatMap((report) => {
      const delay = waitDelayOf(report.name);
      // What is on its way back to the lane counts as unacked.
      const messages = readyOf(report) + report.unacked;
      return delay === undefined ? [] : [{ queue: report.name, delay_ms: delay, messages }];
    })
    .sort((one, other) => one.delay_ms - other.delay_ms);
}

function delayedBy(messages: number | undefined): QueueDepths['waiting'] {
  if (messages === undefined) return [];
  return [{ queue: names.delayedExchange(ordersPipeline), delay_ms: null, messages }];
}
