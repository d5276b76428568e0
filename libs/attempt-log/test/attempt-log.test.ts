import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freshMongoUrl } from '@esteira/tests/support';
import { MongoClient } from 'mongodb';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { attemptId, mongodbAttemptLog, type AttemptDocument, type AttemptLog } from '../src/index.ts';
import { attempt } from './attempts.ts';

const url = freshMongoUrl();
const open = (ttlSeconds = 600, pipeline = 'orders') =>
  mongodbAttemptLog({ url, applicationName: 'test', pipeline, ttlSeconds });

let log: AttemptLog;
let client: MongoClient;

beforeAll(async () => {
  client = new MongoClient(url);
  log = open();
  await log.prepare();
});

afterAll(async () => {
  await log.close();
  await client.db().dropDatabase();
  await client.close();
});

describe('an attempt', () => {
  it('is logged once, whoever logs it again', async () => {
    await log.record([attempt('once', 1, { worker: 'first' }), attempt('once', 2)]);
    await log.record([attempt('once', 1, { worker: 'second' }), attempt('once', 3)]);
    const found = await log.ofMessages(['once']);
    expect(found.map(({ attempt: number, worker }) => [number, worker])).toEqual([
      [1, 'first'],
      [2, 'w'],
      [3, 'w'],
    ]);
  });

  it('that succeeded replaces the failure a copy logged for it, and never the other way', async () => {
    await log.record([attempt('both', 1)]);
    await log.record([attempt('both', 1, { status: 'succeeded', error: null, worker: 'winner' })]);
    await log.record([attempt('both', 1, { worker: 'late' })]);
    const [document] = await log.find([attemptId('both', 1, 1)]);
    expect(document).toMatchObject({ status: 'succeeded', error: null, worker: 'winner' });
  });

  it('that a message died of replaces the failure a copy logged for it, and gives way to a success', async () => {
    await log.record([attempt('dead', 1)]);
    await log.record([attempt('dead', 1, { status: 'dead-lettered', reason: 'refused' })]);
    await log.record([attempt('dead', 1)]);
    const statusNow = async () => (await log.find([attemptId('dead', 1, 1)])).map(({ status }) => status);
    expect(await statusNow()).toEqual(['dead-lettered']);
    await log.record([attempt('dead', 1, { status: 'succeeded', error: null })]);
    expect(await statusNow()).toEqual(['succeeded']);
  });

  it('that an earlier release logged is read in the words of this one, and stays as it was written', async () => {
    const code = 'rejected-by-endput';
    const former: [string, Partial<AttemptDocument>][] = [
      ['former-1', { status: 'dead-lettered', reason: code, error: { code, message: 'too long' } }],
      ['former-2', { status: 'dead-lettered', reason: 'refused-by-verifier', error: { code: 'cheap', message: '' } }],
      ['former-3', { status: 'dead-lettered', reason: 'attempts-exhausted' }],
    ];
    await log.record(former.map(([id, changes]) => attempt(id, 1, changes)));
    const messageIds = former.map(([id]) => id);
    const present = [
      ['rejected-by-store', 'rejected-by-store'],
      ['refused', 'cheap'],
      ['attempts-exhausted', 'x'],
    ];
    const read = (documents: readonly AttemptDocument[]) =>
      documents
        .toSorted((one, other) => one._id.localeCompare(other._id))
        .map(({ reason, error }) => [reason, error?.code]);
    expect(read(await log.find(messageIds.map((id) => attemptId(id, 1, 1))))).toEqual(present);
    expect(read(await log.ofMessages(messageIds))).toEqual(present);
    expect(read((await log.search({ messageIds, limit: 3 })).items)).toEqual(present);
    const written = client.db().collection<AttemptDocument>('attempts');
    expect(await written.findOne({ message_id: 'former-1' })).toMatchObject({ reason: code, error: { code } });
  });

  it('that was invalid counts as none', async () => {
    const pipeline = 'counted';
    const counted = open(600, pipeline);
    await counted.record([
      attempt('c-1', 1, { pipeline }),
      attempt('c-2', 1, { pipeline, origin: { system: 'system-2' } }),
      attempt('c-2', 2, { pipeline, origin: { system: 'system-2' } }),
      attempt('c-3', 1, { pipeline, status: 'invalid', origin: null }),
      attempt('c-4', 1, { pipeline, origin: 'depot', key: 'the red box', incarnation: null }),
      attempt('c-5', 1, { pipeline, origin: null }),
    ]);
    expect(Object.fromEntries(await counted.countByOrigin(pipeline))).toEqual({
      ...{ 'system-1': 1, 'system-2': 2 },
      ...{ depot: 1, unknown: 1 },
    });
    await counted.clear(pipeline);
    expect((await counted.countByOrigin(pipeline)).size).toBe(0);
    await counted.close();
  });
});

describe('the TTL', () => {
  const ttlIndexes = async () => {
    const indexes = await client.db().collection('attempts').indexes();
    return indexes.filter(({ name }) => name?.startsWith('ttl_'));
  };

  it('belongs to its pipeline alone', async () => {
    const other = open(60, 'other');
    await other.prepare();
    await other.close();
    expect(await ttlIndexes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ expireAfterSeconds: 600, partialFilterExpression: { pipeline: 'orders' } }),
        expect.objectContaining({ expireAfterSeconds: 60, partialFilterExpression: { pipeline: 'other' } }),
      ]),
    );
  });

  it('is changed in place when the setting changed', async () => {
    const before = (await ttlIndexes()).length;
    const changed = open(1_234);
    await changed.prepare();
    await changed.close();
    const after = await ttlIndexes();
    expect(after.length).toBe(before);
    expect(after.find(({ name }) => name === 'ttl_orders')?.['expireAfterSeconds']).toBe(1_234);
  });
});

/** A way to the server that can be shut and opened. Connections that are there when it is shut are cut. */
async function door() {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const end of [near, far]) sockets.add(end.on('error', () => end.destroy()));
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port: here } = server.address() as AddressInfo;
  const shut = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  onTestFinished(() => (server.listening ? shut() : undefined));
  return {
    shut,
    open: () => once(server.listen(here, '127.0.0.1'), 'listening'),
    log: mongodbAttemptLog({
      url: url.replace(`:${port}`, `:${here}`),
      applicationName: 'test',
      pipeline: 'orders',
      ttlSeconds: 600,
      patienceMs: 300,
    }),
  };
}

describe('the attempt log of a server that comes and goes', () => {
  it('works as soon as it is there, however often and by however many it was asked before', async () => {
    const { log: late, shut, open: letIn } = await door();
    await shut();
    await expect(late.ping()).rejects.toThrow();
    const asked = await Promise.allSettled([
      late.ping(),
      late.find(['x']),
      late.prepare(),
      late.record([attempt('late', 1)]),
    ]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    await letIn();
    await vi.waitFor(async () => {
      const [, found] = await Promise.all([late.ping(), late.find(['x']), late.prepare()]);
      expect(found).toEqual([]);
    }, patient);
    await late.close();
  });

  it('works again whenever it is back, wherever in connecting it was cut off', async () => {
    const { log: cut, shut, open: letIn } = await door();
    for (let turn = 0; turn < 12; turn += 1) {
      const asked = Promise.allSettled([cut.ping(), cut.prepare(), cut.record([attempt('cut', turn)])]);
      // A few milliseconds more each time: before the greeting, in it, between two statements.
      await delay(turn * 2);
      await shut();
      await asked;
      await letIn();
    }
    await vi.waitFor(() => cut.record([attempt('cut', 99)]), patient);
    expect((await cut.ofMessages(['cut'])).at(-1)?.attempt).toBe(99);
    await cut.close();
  });

  it('stays closed once it was closed, also when that was while it connected', async () => {
    const { log: closed } = await door();
    const connecting = closed.find(['x']);
    await closed.close();
    await expect(connecting).rejects.toThrow();
    await expect(closed.record([attempt('closed', 1)])).rejects.toThrow('The attempt log was closed.');
    await expect(closed.ping()).rejects.toThrow('The attempt log was closed.');
  });
});
