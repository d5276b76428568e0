import type { Arena } from './arena.ts';
import { measureCeiling } from './ceiling.ts';
import { short } from './figures.ts';
import type { Measurement } from './measured.ts';
import { measurePipeline } from './pipeline.ts';

const ORDERS = 20_000;
const ROUNDS = 3;

/**
 * What is usual, on two cores, with this many orders. Change it when the pipeline has become faster, so that a
 * regression from there is noticed too.
 */
const USUAL = { cpuBesideCeiling: 2, rateBesideCeiling: 0.5 };
/** CPU an order hardly depends on what else the machine does: what it may be worse by is below a doubling. */
const CPU_MARGIN = 1.6;
/** A rate does, even beside another one: half of what is usual is far from any noise of the best of three. */
const RATE_MARGIN = 0.4;

/**
 * A short look whether the pipeline still is what it was: the CPU it takes an order and its rate, each beside bare
 * amqplib in the same round, the best of a few rounds. Wide margins: a doubling does not get through, a busy machine does.
 */
export async function smoke(arena: Arena): Promise<string[]> {
  let cpu = Number.POSITIVE_INFINITY;
  let rate = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const ceiling = await measureCeiling(arena, ORDERS);
    const pipeline = await measurePipeline(arena, { bench: 'pipeline', variant: 'esteira', orders: ORDERS });
    cpu = Math.min(cpu, totalCpu(pipeline) / totalCpu(ceiling));
    rate = Math.max(rate, rateOf(pipeline) / rateOf(ceiling));
    arena.report(`round ${round}: best so far ${short(cpu)} x the CPU of bare amqplib, ${short(rate)} x its rate`);
  }
  const failures: string[] = [];
  const most = USUAL.cpuBesideCeiling * CPU_MARGIN;
  const least = USUAL.rateBesideCeiling * RATE_MARGIN;
  if (cpu > most)
    failures.push(`An order takes ${short(cpu)} x the CPU of bare amqplib; more than ${short(most)} is a regression.`);
  if (rate < least)
    failures.push(`The rate is ${short(rate)} x bare amqplib; less than ${short(least)} is a regression.`);
  return failures;
}

const rateOf = ({ figures }: Measurement) => figures['orders/s'] ?? 0;

const totalCpu = ({ cpuMicroseconds = {} }: Measurement) =>
  Object.values(cpuMicroseconds).reduce((sum, value) => sum + value, 0);
