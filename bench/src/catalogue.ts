import { scaled, type Size, type Variant } from './bench.ts';
import { measureCeiling } from './ceiling.ts';
import { measurePeer } from './measure-peer.ts';
import { PEERS } from './peers/all.ts';
import { measurePipeline } from './pipeline.ts';

/** Every variant of every bench, in the order in which a round measures them. */
export function catalogue(size: Size): Variant[] {
  return [
    { bench: 'ceiling', name: 'bare amqplib', measure: async (arena) => [await measureCeiling(arena, size.orders)] },
    { bench: 'pipeline', name: 'esteira', measure: async (arena) => [await measurePipeline(arena, size.orders)] },
    ...PEERS.map((peer): Variant => {
      const run = { bench: 'peers', orders: size.orders, mode: 'coalesced' as const };
      return { bench: 'peers', name: peer.name, measure: async (arena) => [await measurePeer(arena, peer, run)] };
    }),
    ...PEERS.map((peer): Variant => {
      const run = { bench: 'peers', orders: scaled(20_000, size), warmUp: 2_000, mode: 'one by one' as const };
      const name = `${peer.name} one by one`;
      return { bench: 'peers', name, measure: async (arena) => [await measurePeer(arena, peer, run)] };
    }),
  ];
}
