import { bareAmqplib } from './amqplib.ts';
import { bullmq } from './bullmq.ts';
import { graphileWorker } from './graphile-worker.ts';
import type { Peer } from './peer.ts';
import { pgBoss } from './pg-boss.ts';
import { rascalPeer } from './rascal.ts';

export const PEERS: readonly Peer[] = [bullmq, graphileWorker, pgBoss, rascalPeer];

export function peerOf(name: string): Peer {
  const peer = [...PEERS, bareAmqplib].find((one) => one.name === name);
  if (peer === undefined) throw new Error(`There is no peer ${name}.`);
  return peer;
}
