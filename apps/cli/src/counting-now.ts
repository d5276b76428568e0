import { readyNow, type Broker, type Management } from '@esteira/messaging';
import type { Pipeline } from '@esteira/pipeline';

/**
 * The management API with what is ready in the queues of a pipeline as the broker itself counts it now: its own counts
 * lag by 5 s, and begin some 10 s after a start. What consumers hold lags as before.
 */
export function countingNow(management: Management, broker: Broker, { name: pipeline }: Pipeline): Management {
  const queues = async () => {
    const reports = await management.queues();
    const ours = reports.map(({ name }) => name).filter((name) => name.startsWith(`${pipeline}.`));
    const now = await readyNow(broker, ours);
    return reports.map((report) => {
      const ready = now.get(report.name)?.ready ?? report.ready;
      return { ...report, ready, messages: ready + report.unacked };
    });
  };
  return { ...management, queues };
}
