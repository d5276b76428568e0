import { randomBytes } from 'node:crypto';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { createLogger } from '@esteira/observability';
import type { OutgoingMessage, Publish, PublishOutcome } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { inject, onTestFinished, vi } from 'vitest';
import { createRelay, type PageSource, type Position, type Relay, type RelayOptions } from '../src/index.ts';
import { openCursor, type Cursor, type HeldRun } from '../src/cursor.ts';
import { cursorKey, type CursorName } from '../src/keys.ts';
import { openRedis, type RedisConnection } from '../src/redis.ts';

export const logger = createLogger({ name: 'relay test', level: 'silent' });

/** A system's name that nobody else uses; its cursor is deleted when the test is over. */
export function freshSystem(): string {
  const system = `t-${randomBytes(6).toString('hex')}`;
  onTestFinished(async () => {
    const redis = openRedis(inject('env')['REDIS_URL'] ?? '', logger);
    await redis.script(`return redis.call('DEL', KEYS[1])`, keyOf(system));
    await redis.close();
  });
  return system;
}

/** The cursor of a pipeline that never had another key. */
export const nameOf = (system: string): CursorName => ({ pipeline: 'things', system });
export const keyOf = (system: string): string => cursorKey(nameOf(system));

/** A connection of the test's own, closed when it is over. */
export function redisHere(): RedisConnection {
  const redis = openRedis(inject('env')['REDIS_URL'] ?? '', logger);
  onTestFinished(() => redis.close());
  return redis;
}

export const cursorOf = (system: string): Cursor => openCursor(redisHere(), nameOf(system));

/** Starts a run that gets the cursor. */
export async function started(cursor: Cursor, runId: string, leaseMs = 60_000): Promise<HeldRun> {
  const outcome = await cursor.start(runId, leaseMs, new Date('2026-01-01T00:00:00Z'), { maxAttempts: 5 });
  if (outcome.kind !== 'started') throw new Error(outcome.kind);
  return { runId, token: outcome.token };
}

/** The run that holds the cursor of a system. */
export async function holderOf(system: string): Promise<HeldRun> {
  const read = `return redis.call('HMGET', KEYS[1], 'run_id', 'fence')`;
  const [runId, token] = (await redisHere().script(read, keyOf(system))) as [string, string];
  return { runId, token: Number(token) };
}

/** The position of the n-th row (1-based) of a memory source: ten rows a transaction. */
export const positionAt = (n: number): Position => ({ transactionId: String(100 + Math.ceil(n / 10)), id: String(n) });

export function messageAt(n: number): OutgoingMessage {
  return { messageId: String(n), type: 'thing.happened', lane: 'primary', body: Buffer.alloc(0), headers: {} };
}

/** A source in memory. `rows` may grow, and everything about it may be replaced. */
export interface MemorySource extends PageSource {
  rows: number;
  state: { database: string; systemIdentifier: string; timeline: string; nextTransactionId: string };
  fault: Error | undefined;
}

export function memorySource(rows: number): MemorySource {
  const source: MemorySource = {
    rows,
    state: { database: 'shop', systemIdentifier: '7431', timeline: '1', nextTransactionId: '1000000' },
    fault: undefined,
    next(after, limit) {
      if (source.fault !== undefined) return Promise.reject(source.fault);
      const from = after === undefined ? 0 : Number(after.id);
      const to = Math.min(source.rows, from + limit);
      const messages = Array.from({ length: Math.max(0, to - from) }, (_, i) => messageAt(from + i + 1));
      const state = { ...source.state, schema: 'public', table: 'things' };
      const more = messages.length === limit;
      return Promise.resolve({
        source: state,
        messages,
        more,
        ...(messages.length > 0 ? { last: positionAt(to) } : {}),
      });
    },
  };
  return source;
}

/** A broker in memory: what it confirmed, in order, and how it answers. */
export interface MemoryBroker {
  readonly publish: Publish;
  readonly confirmed: number[];
  /** Answers one call; by default everything is confirmed. Rejects like a lost connection. */
  answer: (messages: readonly OutgoingMessage[]) => Promise<PublishOutcome[]>;
}

export const confirmAll = (messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> =>
  Promise.resolve(messages.map(() => 'confirmed'));

export function memoryBroker(): MemoryBroker {
  const broker: MemoryBroker = {
    confirmed: [],
    answer: confirmAll,
    async publish(messages) {
      const outcomes = await broker.answer(messages);
      messages.forEach((message, i) => {
        if (outcomes[i] === 'confirmed') broker.confirmed.push(Number(message.messageId));
      });
      return outcomes;
    },
  };
  return broker;
}

/** A relay with pages of ten, closed when the test is over. */
export function relayOf({
  system,
  ...options
}: Partial<RelayOptions> & Pick<RelayOptions, 'source' | 'publish'> & { readonly system: string }): Relay {
  const relay = createRelay({
    cursor: nameOf(system),
    redisUrl: inject('env')['REDIS_URL'] ?? '',
    pageSize: 10,
    maxLaneDepth: () => 1_000_000,
    leaseMs: 15_000,
    logger,
    target: 'exchange esteira.things',
    ...options,
  });
  onTestFinished(() => relay.close());
  return relay;
}

/** Resolves when the run is over, with the cursor it left. */
export function runOver(relay: Relay) {
  return vi.waitFor(
    async () => {
      const { cursor } = await relay.status();
      if (cursor.status === 'RUNNING') throw new Error(`still ${JSON.stringify((await relay.status()).activity)}`);
      return cursor;
    },
    { ...patient, interval: 5 },
  );
}

/** A TCP proxy: the network between a client and a server. */
export interface Network {
  readonly port: number;
  /** Ends every connection and refuses new ones until `mend`. */
  cut(): void;
  /** Connections go on, and nothing passes on them any more; new ones work. */
  fallSilent(): void;
  mend(): void;
}

export async function networkTo(host: string, port: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((socket) => {
    if (!whole) return socket.destroy();
    const onward = connect(port, host);
    for (const end of [socket, onward]) {
      sockets.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => {
        sockets.delete(end);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const fallSilent = () => {
    for (const socket of sockets) socket.unpipe().resume();
  };
  return { port: (server.address() as AddressInfo).port, cut, fallSilent, mend: () => (whole = true) };
}
