import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '@esteira/settings';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verify as exampleVerify } from '../../../examples/verifier.ts';
import { orderMessages, type OrderMessage, type Verifier, type VerifierContext } from '../src/domain/index.ts';
import { httpVerifier, openModuleVerifier, retryPolicyOf } from '../src/verifiers/index.ts';

const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
let nextId = 1;

/** The third attempt of an order that nobody had before. */
function attemptOf(product = '2 CDs "ó"'): { message: OrderMessage; context: VerifierContext } {
  const id = String(nextId++);
  const created_at = '1997-01-01T00:00:00.123456+00:00';
  const order = { id, product, price: '29.33', created_at, security_check: true };
  const { messageId, body } = toMessage(order, { maxAttempts: 5 });
  const journey = { round: 1, attempt: 3, maxAttempts: 5 };
  const attempt = { pipeline: 'orders', messageId, origin: 'system-1', key: id, incarnation: null, ...journey };
  const message = JSON.parse(Buffer.from(body).toString()) as OrderMessage;
  return { message, context: { attempt, signal: AbortSignal.timeout(60_000), body } };
}

const closedAfterwards = <V extends Verifier>(verifier: V): V => {
  onTestFinished(() => verifier.close?.());
  return verifier;
};

/** A service that answers each request with this status. */
async function serviceAnswering(status: number) {
  const seen: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify` };
}

describe('a service that verifies', () => {
  it('gets the message byte for byte, and is told which attempt it is', async () => {
    const { seen, url } = await serviceAnswering(200);
    const { message, context } = attemptOf();
    const { messageId } = context.attempt;
    expect(await closedAfterwards(httpVerifier({ url, concurrency: 1 })).verify(message, context)).toEqual({
      kind: 'succeeded',
    });
    expect(seen[0]?.body).toBe(Buffer.from(context.body).toString());
    expect(seen[0]?.headers).toMatchObject({
      'idempotency-key': `${messageId}:1:3`,
      'x-message-id': messageId,
      'x-attempt': '3',
      'x-max-attempts': '5',
      'x-round': '1',
    });
  });

  it('is called a verifier in codes and words, with the setting that names it', async () => {
    const { url } = await serviceAnswering(404);
    const verifier = closedAfterwards(httpVerifier({ url, concurrency: 1 }));
    const outcomes = [];
    for (let i = 0; i < 5; i++) {
      const { message, context } = attemptOf();
      outcomes.push(await verifier.verify(message, context));
    }
    expect(outcomes[0]).toEqual({
      kind: 'retry',
      error: { code: 'http-404', message: 'The verifier answered 404.' },
    });
    const why = `The verifier at ${url} answers 404, whatever the message: there is no verifier at this address; look at VERIFIER_URL.`;
    expect(outcomes[4]).toEqual({ kind: 'return', fault: { code: 'verifier-wrong', message: why } });
    const nobody = closedAfterwards(httpVerifier({ url: 'http://nowhere.invalid/verify', concurrency: 1 }));
    const { message, context } = attemptOf();
    expect(await nobody.verify(message, context)).toMatchObject({ fault: { code: 'verifier-unreachable' } });
  });
});

describe('a module that verifies', () => {
  const opened = async (path: string) => closedAfterwards(await openModuleVerifier({ path, threads: 1, memoryMb: 32 }));

  it('exports verify, and is told the order, its system and the attempt', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esteira-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const path = join(folder, 'verifier.mjs');
    writeFileSync(
      path,
      `export const verify = (message, { signal, ...context }) => {
         if (message.order.product === 'throw') throw new Error('as asked');
         return { kind: 'succeeded', result: { message, context, aborted: signal.aborted } };
       };`,
    );
    const verifier = await opened(path);
    const { message, context } = attemptOf();
    const { messageId } = context.attempt;
    const told = { messageId, system: 'system-1', attempt: 3, maxAttempts: 5, round: 1 };
    expect(await verifier.verify(message, context)).toEqual({
      kind: 'succeeded',
      result: { message, context: told, aborted: false },
    });
    const bad = attemptOf('throw');
    expect(await verifier.verify(bad.message, bad.context)).toEqual({
      kind: 'retry',
      error: { code: 'verifier-threw', message: 'as asked' },
    });
  });

  it('may be the example: an order without product is a dead letter, one without security check a retry', async () => {
    const verifier = await opened(join(import.meta.dirname, '../../../examples/verifier.ts'));
    const { message, context } = attemptOf();
    const outcomeOf = (changes: Partial<OrderMessage['order']>) =>
      verifier.verify({ ...message, order: { ...message.order, ...changes } }, context);
    expect(await outcomeOf({})).toEqual({ kind: 'succeeded', result: { for_a_person: false } });
    expect(await outcomeOf({ product: ' ' })).toMatchObject({ kind: 'dead-letter', error: { code: 'no-product' } });
    expect(await outcomeOf({ security_check: false })).toMatchObject({ error: { code: 'security-check' } });
  });

  it('is a function like any other: in the example no cent of a price is lost', async () => {
    const { message, context } = attemptOf();
    const { attempt, messageId, origin: system, round, maxAttempts } = context.attempt;
    const known = { attempt, messageId, system, round, maxAttempts, signal: context.signal };
    const outcomeOf = (price: string) => exampleVerify({ ...message, order: { ...message.order, price } }, known);
    expect(await outcomeOf('1000.00')).toMatchObject({ result: { for_a_person: false } });
    expect(await outcomeOf('1000.01')).toMatchObject({ result: { for_a_person: true } });
    expect(await outcomeOf('1000')).toMatchObject({ result: { for_a_person: false } });
  });
});

it('only a verifier of the user may ask for waits of its own', () => {
  const http = loadSettings({ VERIFIER: 'http', VERIFIER_URL: 'http://127.0.0.1:9/verify' });
  expect(retryPolicyOf(http).onRequestMs).toEqual([30_000, 120_000, 600_000, 3_600_000]);
  expect(retryPolicyOf(loadSettings({}))).not.toHaveProperty('onRequestMs');
});
