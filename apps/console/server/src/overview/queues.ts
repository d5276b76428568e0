import { names, readyNow, type Broker, type Management, type QueueReport } from '@esteira/messaging';
import type { Pipeline } from '@esteira/pipeline';
import type { Overview } from './schema.ts';

export type QueueDepths = Omit<Overview['queues'], 'as_of' | 'error'>;

/**
 * The queues of a pipeline. What is ready is the broker's own count of this moment; what consumers hold, and what
 * waits in the delayed exchange, the management API counts every 5 s.
 */
export async function askQueues(pipeline: Pipeline, management: Management, broker: Broker): Promise<QueueDepths> {
  const [reports, delayed] = await Promise.all([
    management.queues(),
    management.exchange(names.delayedExchange(pipeline)),
  ]);
  const lanes = pipeline.lanes.map((lane) => names.lane(pipeline, lane));
  const [deadLetter, returned] = [names.deadLetterQueue(pipeline), names.returnedQueue(pipeline)];
  const ours = reports.filter(
    ({ name }) => [...lanes, deadLetter, returned].includes(name) || names.waitDelayOf(pipeline, name) !== undefined,
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
    waiting: [...waitQueues(pipeline, ours, readyOf), ...delayedBy(pipeline, delayed?.messages_delayed)],
    dead_lettered: allOf(deadLetter),
    returned: allOf(returned),
  };
}

function waitQueues(
  pipeline: Pipeline,
  ours: readonly QueueReport[],
  readyOf: (report: QueueReport) => number,
): QueueDepths['waiting'] {
  return ours
    .flatMap((report) => {
      const delay = names.waitDelayOf(pipeline, report.name);
      // What is on its way back to the lane counts as unacked.
      const messages = readyOf(report) + report.unacked;
      return delay === undefined ? [] : [{ queue: report.name, delay_ms: delay, messages }];
    })
    .sort((one, other) => one.delay_ms - other.delay_ms);
}

function delayedBy(pipeline: Pipeline, messages: number | undefined): QueueDepths['waiting'] {
  if (messages === undefined) return [];
  return [{ queue: names.delayedExchange(pipeline), delay_ms: null, messages }];
}
