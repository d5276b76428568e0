import type { Arena } from './arena.ts';
import { WARM_UP } from './ceiling.ts';
import { openFlow, type FlowOptions } from './flow.ts';
import { perOrder, type Measurement } from './measured.ts';
import { cpuBetween } from './resources.ts';

/** What a run of the pipeline is called, and how large it is. */
export interface PipelineRun {
  readonly bench: string;
  readonly variant: string;
  readonly orders: number;
  readonly options?: FlowOptions;
}

/**
 * The pipeline: `POST /v0/process/run` over a filled source, one API and one consumer process, everything with its
 * guarantees: read below the watermark, published with confirms, recalled, verified, stored, logged with j: true,
 * acked. Each order takes one attempt: all rows have `security_check = true` and the run asks for `max_attempts: 1`,
 * so that the simulated verifier, which every row runs through, asks for exactly one.
 *
 * The clock runs from the request until the last row is stored AND logged and the lane is empty; then the apps are
 * ended in order, and rows, documents and what is left in the lane are counted: otherwise it does not count.
 */
export async function measurePipeline(arena: Arena, run: PipelineRun): Promise<Measurement> {
  const { bench, variant, orders } = run;
  const flow = await openFlow(arena, run.options);
  try {
    const warmUp = Math.min(orders, WARM_UP);
    await flow.fill(warmUp);
    await flow.run({ stored: warmUp, logged: warmUp }, 1);
    await flow.fill(orders);
    const before = flow.cpu();
    const seconds = await flow.run({ stored: orders, logged: orders }, 1);
    const cpu = cpuBetween(before, flow.cpu());
    const memory = flow.memory();
    await flow.conclude();
    const figures = { 'orders/s': orders / seconds, seconds, orders, ...memory };
    return { bench, variant, figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    await flow.close();
  }
}

/** Orders a second of the pipeline: what was measured in this run already, otherwise measured now. */
export async function pipelineRate(arena: Arena, orders: number, known: readonly Measurement[]): Promise<number> {
  const measured = known.filter(({ bench }) => bench === 'pipeline');
  const latest = measured.at(-1) ?? (await measurePipeline(arena, { bench: 'pipeline', variant: 'esteira', orders }));
  return latest.figures['orders/s'] ?? 0;
}
