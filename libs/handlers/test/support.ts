import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { contentId, type HandlerContext } from '@esteira/pipeline';

/** What the handlers of these tests are given. */
export interface Note {
  readonly id: string;
  readonly text: string;
}

/** The note with this id, and the context of its n-th attempt. */
export function attemptOf(
  id: number,
  changes: Partial<HandlerContext> & { readonly n?: number; readonly text?: string } = {},
): { message: Note; context: HandlerContext } {
  const { n = 1, text = 'p', ...more } = changes;
  const message = { id: String(id), text };
  const attempt = {
    pipeline: 'notes',
    messageId: contentId(Buffer.from(message.id), 'note'),
    origin: 'system-1',
    key: message.id,
    incarnation: null,
    round: 1,
    attempt: n,
    maxAttempts: 5,
  };
  const body = Buffer.from(JSON.stringify(message));
  return { message, context: { attempt, signal: AbortSignal.timeout(60_000), body, ...more } };
}

/** A request as a service saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real service, whose answers a test decides. */
export interface Service {
  readonly port: number;
  readonly url: string;
  readonly seen: Seen[];
  /** Connections that were opened so far. */
  connections: number;
  /** Requests that are being answered, and the most there were at once. */
  readonly open: { now: number; most: number };
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): Promise<void>;
}

/** Starts a service on a free port, or on the one given; it answers 200 until it is told otherwise. */
export async function startService(port = 0): Promise<Service> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    service.open.now += 1;
    service.open.most = Math.max(service.open.most, service.open.now);
    response.once('close', () => (service.open.now -= 1));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      service.seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      service.answer(request, response);
    });
  });
  server.on('connection', (socket) => {
    service.connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const actual = (server.address() as AddressInfo).port;
  const service: Service = {
    port: actual,
    url: `http://127.0.0.1:${actual}/check`,
    seen: [],
    connections: 0,
    open: { now: 0, most: 0 },
    answer: (_, response) => response.end(),
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  return service;
}

/** Answers with a status, and a body as JSON or as it is. */
export function answering(status: number, body: unknown = '', headers: Record<string, string> = {}): Service['answer'] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json; charset=utf-8';
  return (_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(text);
}
