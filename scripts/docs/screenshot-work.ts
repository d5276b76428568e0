import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { virtualHostOf } from '@esteira/messaging';

/** Orders of each system: enough for a run that can be watched. */
const ORDERS = { positive_inserts: 40_000, negative_inserts: 600 };
/** Messages that are none, so that there is more than one reason. */
const UNREADABLE = 7;
/** Of 5 seconds each. */
const POINTS = 4;
const PATIENCE_MS = 300_000;

/** Inserts orders, publishes them, and puts a few unreadable messages among them. */
export async function makeWork(settings: Settings): Promise<void> {
  for (const { apiPort } of settings.systems) {
    await ask(`http://127.0.0.1:${apiPort}/v0/insert-data`, ORDERS);
  }
  for (const { apiPort } of settings.systems) await ask(`http://127.0.0.1:${apiPort}/v0/process/run`, {});
  const management = new URL(settings.RABBITMQ_MANAGEMENT_URL);
  const host = encodeURIComponent(virtualHostOf(settings.RABBITMQ_URL));
  const account = `${management.username}:${management.password}`;
  for (let made = 0; made < UNREADABLE; made += 1) {
    const message = { properties: {}, routing_key: 'primary', payload: `no order ${made}`, payload_encoding: 'string' };
    const answer = await ask(`${management.origin}/api/exchanges/${host}/esteira.orders/publish`, message, account);
    if (!(answer as { routed: boolean }).routed) throw new Error('No queue took the unreadable message.');
  }
}

/** Until the charts show a run that goes on. */
export async function untilMoving(address: string, since: Date): Promise<void> {
  await until(async () => {
    const { points } = await read<{ points: Point[] }>(`${address}/v0/pipelines/orders/overview/history`);
    return points.filter(({ at, attempts }) => new Date(at) > since && attempts.succeeded > 0).length >= POINTS;
  });
}

interface Point {
  readonly at: string;
  readonly attempts: { readonly succeeded: number };
}

/** Until nothing is on its way any more. */
export async function untilDead(address: string): Promise<void> {
  await until(async () => {
    const { queues, systems, dead_letters: dead } = await read<Overview>(`${address}/v0/pipelines/orders/overview`);
    const waiting = [
      ...queues.lanes.map(({ ready, unacked }) => ready + unacked),
      ...queues.waiting.map(({ messages }) => messages),
    ];
    const isOpen = systems.some(({ behind }) => behind?.rows !== 0) || waiting.some((messages) => messages > 0);
    return !isOpen && (dead.open ?? 0) > 0;
  });
}

/** The id of a message that succeeded at its third attempt. */
export async function messageWithRetries(address: string): Promise<string> {
  const { items } = await read<{ items: { message_id: string }[] }>(
    `${address}/v0/pipelines/orders/messages?status=succeeded&attempt=3&limit=1`,
  );
  const [message] = items;
  if (message === undefined) throw new Error('The log knows no message that succeeded at its third attempt.');
  return message.message_id;
}

/** The id of a reconciliation that has just finished. */
export async function reconciled(address: string): Promise<string> {
  const { id } = (await ask(`${address}/v0/pipelines/orders/reconciliations`, {})) as { id: string };
  await until(
    async () =>
      (await read<{ state: string }>(`${address}/v0/pipelines/orders/reconciliations/${id}`)).state === 'finished',
  );
  return id;
}

interface Overview {
  readonly systems: readonly { readonly behind: { readonly rows: number } | null }[];
  readonly queues: {
    readonly lanes: readonly { readonly ready: number; readonly unacked: number }[];
    readonly waiting: readonly { readonly messages: number }[];
  };
  readonly dead_letters: { readonly open: number | null };
}

async function ask(url: string, body: object, account?: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(account === undefined ? {} : { authorization: `Basic ${Buffer.from(account).toString('base64')}` }),
    },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} does not answer: \`make start\` first.`, { cause: error });
  });
  if (!response.ok)
    throw new Error(`POST ${new URL(url).pathname} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function read<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`GET ${new URL(url).pathname} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > end)
      throw new Error('The system did not come so far within 5 minutes: `make status` shows where it is.');
    await sleep(500);
  }
}
