import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import type { Arena } from './arena.ts';
import { flameGraphs, hottest, type CpuProfile } from './flame-graph.ts';
import { openFlow } from './flow.ts';

/**
 * CPU flame graphs of API and consumer during the pipeline bench, in one HTML file. V8 samples every 0.5 ms; what it
 * saw before the timed run began (starting up, warming up) is left out.
 */
export async function makeProfile(arena: Arena, orders: number): Promise<void> {
  const directory = join(REPOSITORY, '.local', `${arena.servers.name}.profile`);
  mkdirSync(directory, { recursive: true });
  try {
    const { rate, beganAt } = await profiledRun(arena, orders, directory);
    const graphs = ['api', 'consumer'].map((name) => ({
      title: `${name}: ${Math.round(rate).toLocaleString('en-US')} orders/s while it was watched`,
      profile: JSON.parse(readFileSync(join(directory, `${name}.cpuprofile`), 'utf8')) as CpuProfile,
      beganAt,
    }));
    for (const graph of graphs) arena.report([graph.title, ...hottest(graph, 25)].join('\n'));
    const file = join(REPOSITORY, 'profile.html');
    writeFileSync(file, flameGraphs(graphs));
    arena.report(`CPU of API and consumer: ${file}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function profiledRun(arena: Arena, orders: number, directory: string) {
  const watched = (name: string) => [
    '--cpu-prof',
    '--cpu-prof-interval=500',
    `--cpu-prof-dir=${directory}`,
    `--cpu-prof-name=${name}.cpuprofile`,
  ];
  const flow = await openFlow(arena, { nodeArguments: watched });
  try {
    const warmUp = Math.min(orders, 20_000);
    await flow.fill(warmUp);
    await flow.run({ stored: warmUp, logged: warmUp }, 1);
    await flow.fill(orders);
    const beganAt = monotonicMicroseconds();
    const seconds = await flow.run({ stored: orders, logged: orders }, 1);
    await flow.conclude();
    return { rate: orders / seconds, beganAt };
  } finally {
    await flow.close();
  }
}

/** V8 stamps its samples with the machine's monotonic clock, in microseconds. */
const monotonicMicroseconds = (): number => Number(process.hrtime.bigint() / 1_000n);
