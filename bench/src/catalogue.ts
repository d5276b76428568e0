import { measureApi } from './api-load.ts';
import { measureBacklog } from './backlog.ts';
import { scaled, type Size, type Variant } from './bench.ts';
import { measureCeiling } from './ceiling.ts';
import { measureConsole } from './console/measure.ts';
import { measureDelayAccuracy } from './delay-accuracy.ts';
import { measureImport } from './import.ts';
import { measureLatency } from './latency.ts';
import { measurePeer, type PeerRun } from './measure-peer.ts';
import { PEERS } from './peers/all.ts';
import { bareAmqplib } from './peers/amqplib.ts';
import type { Peer } from './peers/peer.ts';
import { measurePipeline, pipelineRate, type PipelineRun } from './pipeline.ts';
import { ATTEMPTS, measureRetries } from './retries.ts';
import { measureSeedMix } from './seed-mix.ts';

/** Every variant of every bench, in the order in which a round measures them. */
export function catalogue(size: Size): Variant[] {
  return [
    { bench: 'ceiling', name: 'bare amqplib', measure: async (arena) => [await measureCeiling(arena, size.orders)] },
    pipeline({ bench: 'pipeline', variant: 'esteira', orders: size.orders }),
    ...peers({ bench: 'floor', orders: size.orders, mode: 'coalesced' }, [bareAmqplib]),
    ...peers({ bench: 'peers', orders: size.orders, mode: 'coalesced' }),
    ...peers({ bench: 'one by one', orders: scaled(20_000, size), warmUp: 2_000, mode: 'one by one' }),
    ...retries(scaled(20_000, size)),
    { bench: 'seed mix', name: 'esteira', measure: async (arena) => [await measureSeedMix(arena, size.orders)] },
    ...scale(size),
    ...aroundIt(size),
    {
      bench: 'backlog',
      name: 'drain',
      measure: async (arena) => [await measureBacklog(arena, scaled(1_000_000, size))],
    },
    {
      bench: 'console',
      name: 'pages and redrives',
      isApart: true,
      // Once, whatever the rounds: every page is asked for 30 times.
      measure: async (arena, known) =>
        known.some(({ bench }) => bench === 'console') ? [] : measureConsole(arena, scaled(1_000_000, size)),
    },
  ];
}

function aroundIt(size: Size): Variant[] {
  const orders = scaled(200_000, size);
  return [
    {
      bench: 'delay accuracy',
      name: 'wait-queue',
      measure: async (arena) => [await measureDelayAccuracy(arena, orders)],
    },
    {
      bench: 'latency',
      name: 'follow',
      measure: async (arena, known) => measureLatency(arena, await pipelineRate(arena, size.orders, known)),
    },
    { bench: 'import', name: 'csv', measure: (arena) => measureImport(arena, scaled(1_000_000, size)) },
    { bench: 'API', name: 'under a run', measure: (arena) => measureApi(arena, scaled(400_000, size)) },
  ];
}

const pipeline = (run: PipelineRun): Variant => ({
  bench: run.bench,
  name: run.variant,
  measure: async (arena) => [await measurePipeline(arena, run)],
});

function peers(run: PeerRun, of: readonly Peer[] = PEERS): Variant[] {
  return of.map((peer) => ({
    bench: run.bench,
    name: `${peer.name} ${run.mode}`,
    measure: async (arena) => [await measurePeer(arena, peer, run)],
  }));
}

function retries(orders: number): Variant[] {
  const ours = ['wait-queue', 'delayed-exchange'].map((strategy): Variant => {
    return {
      bench: 'retries',
      name: `esteira ${strategy}`,
      measure: (arena) => measureRetries(arena, strategy, orders),
    };
  });
  const run: PeerRun = { bench: 'retries', orders, warmUp: 2_000, mode: 'coalesced', attempts: ATTEMPTS };
  return [...ours, ...peers({ ...run, bench: 'floor of retries' }, [bareAmqplib]), ...peers(run)];
}

function scale(size: Size): Variant[] {
  return [10_000, 100_000, 1_000_000].map((full) => {
    const orders = scaled(full, size);
    return pipeline({ bench: 'scale', variant: `${full.toLocaleString('en-US')} rows`, orders });
  });
}
