import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HandlerOutcome, JsonValue } from '@esteira/pipeline';
import type { Task } from '../src/message.ts';
import { tasksHandler, type TaskTypes } from '../src/types/index.ts';

/** The id of every task of these tests. */
export const TASK_ID = '0198c5d0-0000-7000-8000-000000000001';

/** How an attempt is made. */
export interface AttemptOptions extends Partial<Task> {
  readonly attempt?: number;
  readonly signal?: AbortSignal;
}

/** One attempt of a task, as a worker makes it. */
export async function attempted(types: TaskTypes, type: string, payload: JsonValue, options: AttemptOptions = {}) {
  const { attempt = 1, signal = new AbortController().signal, ...task } = options;
  const message = { taskId: TASK_ID, type, payload, scheduleId: null, slot: null, timeoutMs: 600_000, ...task };
  const identity = { messageId: TASK_ID, origin: 'api', key: TASK_ID, incarnation: null };
  const context = {
    attempt: { pipeline: 'tasks', ...identity, round: 1, attempt, maxAttempts: 5 },
    signal,
    body: new Uint8Array(),
  };
  return await tasksHandler(types).handle(message, context);
}

/** The result of an attempt that succeeded. */
export function resultOf(outcome: HandlerOutcome): Record<string, JsonValue> {
  if (outcome.kind !== 'succeeded') throw new Error(`It did not succeed: ${JSON.stringify(outcome)}`);
  return outcome.result as Record<string, JsonValue>;
}

/** A request as a site saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real site on a port of its own. */
export interface Site {
  readonly port: number;
  /** `http://127.0.0.1:…`, without a slash at the end. */
  readonly origin: string;
  readonly seen: Seen[];
  /** Connections so far. */
  readonly connections: () => number;
  stop(): Promise<void>;
}

/** A key and its self-signed certificate for `localhost`, in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Starts a site that answers as it is told; over TLS where it is given a certificate. */
export async function startSite(answer: RequestListener, secure?: Certificate): Promise<Site> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  };
  const server = secure === undefined ? createServer(listener) : createSecureServer(secure, listener);
  const listening = await listen(server);
  return { ...listening, seen, origin: `http${secure === undefined ? '' : 's'}://127.0.0.1:${listening.port}` };
}

/** Starts what speaks no HTTP: it does with a connection what it is told. */
export async function startTcp(answer: (socket: Socket) => void): Promise<Omit<Site, 'seen'>> {
  const listening = await listen(createTcpServer(answer));
  return { ...listening, origin: `http://127.0.0.1:${listening.port}` };
}

async function listen(server: Server): Promise<Pick<Site, 'port' | 'connections' | 'stop'>> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // Of those that a check cuts.
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return { port, connections: () => connections, stop };
}

/** A port that nobody listens on. */
export async function refusingPort(): Promise<number> {
  const { port, stop } = await startTcp(() => undefined);
  await stop();
  return port;
}

/** A self-signed certificate, made by OpenSSL for this test. */
export async function selfSigned(): Promise<Certificate> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ]);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
