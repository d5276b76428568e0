import { Counter, Gauge, TalliedHistogram, type Metrics } from '@esteira/observability';
import { tasksPipeline } from '@esteira/tasks/messages';
import type { HandingOver } from './handing-over.ts';
import type { Plan } from './plan.ts';

/** In seconds: a task is fired some milliseconds after it is due, or after an outage. */
const LATE = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 600];

/** Measures what a scheduler does, with its pipeline. */
export interface Measures {
  /** Hears how late a task was fired, in milliseconds. */
  readonly late: (ms: number) => void;
  readonly fired: (tasks: number) => void;
  readonly counts: () => Record<string, number>;
}

export function measuresOf(metrics: Metrics, plan: Plan, handing: HandingOver): Measures {
  const labels = { pipeline: tasksPipeline.name };
  const [labelNames, registers] = [['pipeline'], [metrics]];
  const help = 'How long after it was due a task was fired.';
  const name = 'esteira_slot_lateness_seconds';
  const lateness = new TalliedHistogram({ name, help, labelNames, buckets: LATE, register: metrics }).tallyOf(labels);
  const fired = new Counter({
    name: 'esteira_slots_fired_total',
    help: 'Slots that became tasks.',
    labelNames,
    registers,
  });
  gauge('esteira_schedules_owned', 'Schedules that this scheduler fires.', () => plan.size, metrics);
  gauge(
    'esteira_tasks_unconfirmed',
    'Tasks that wait for the broker to take them.',
    () => handing.unconfirmed,
    metrics,
  );
  let total = 0;
  return {
    late: (ms) => {
      lateness.add(ms / 1_000);
    },
    fired: (tasks) => {
      total += tasks;
      fired.inc(labels, tasks);
    },
    counts: () => ({ fired: total }),
  };
}

function gauge(name: string, help: string, value: () => number, register: Metrics): void {
  new Gauge({
    ...{ name, help, labelNames: ['pipeline'], registers: [register] },
    collect() {
      this.set({ pipeline: tasksPipeline.name }, value());
    },
  });
}
