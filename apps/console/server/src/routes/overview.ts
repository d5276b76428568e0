import { Readable } from 'node:stream';
import { problemResponses, dependencyUnavailable, type App } from '@esteira/http';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import type { Board } from '../overview/board.ts';
import { historySchema, overviewSchema, type Overview, type Point } from '../overview/schema.ts';
import { EVERY_SECONDS } from '../overview/series.ts';

const tags = ['overview'];
/** A stream ends after a day at the latest, in milliseconds; EventSource connects again. */
const STREAM_MS = 86_400_000;
/** What a reader that is too slow may leave unread, in bytes, before overviews are left out for it. */
const UNREAD_BYTES = 1_000_000;

/** `GET /v0/overview`, `/stream` and `/history`. */
export function addOverview(app: App, { board, access }: Pick<Console, 'board' | 'access'>): void {
  // What somebody does is looked at at once.
  app.addHook('onResponse', (request, reply, done) => {
    if (request.method !== 'GET' && reply.statusCode < 300) board().hurry();
    done();
  });
  app.get('/v0/overview', {
    schema: {
      operationId: 'overview',
      tags,
      summary: 'Everything at a glance',
      description:
        'A second old where servers answer at once, eight where they take their time. What is not known now says so itself, with the last answer and its time.',
      response: { 200: overviewSchema },
    },
    handler: () => board().now(),
  });
  app.get('/v0/overview/history', {
    schema: {
      operationId: 'overviewHistory',
      tags,
      summary: 'The last 15 minutes',
      description: 'A point every 5 seconds, kept by the server: neither a reload nor a restart empties the charts.',
      response: { 200: historySchema },
    },
    handler: async () => ({ every_seconds: EVERY_SECONDS, points: [...(await board().series.read())] }),
  });
  addStream(app, board, access);
}

function addStream(app: App, board: Console['board'], { sessions }: Console['access']): void {
  const open = new Set<Events>();
  app.addHook('preClose', (done) => {
    for (const { end } of open) end();
    done();
  });
  app.get('/v0/overview/stream', {
    handlerTimeout: STREAM_MS,
    schema: {
      operationId: 'overviewStream',
      tags,
      summary: 'The overview, live',
      description:
        'Server-sent events, JSON each: `overview`, one a second, is a whole overview; `point`, after each, what the charts show of it: one in 5 seconds becomes a point of the history. It ends with the session it was opened with.',
      response: {
        200: {
          description: 'Events for EventSource, without an end.',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        ...problemResponses(dependencyUnavailable),
      },
    },
    handler: async (request, reply) => {
      const ending = sessions?.ending(request);
      const { stream, end } = await events(board(), open);
      if (ending?.aborted) end();
      ending?.addEventListener('abort', end, { once: true });
      stream.once('close', () => ending?.removeEventListener('abort', end));
      return (
        reply
          .type('text/event-stream')
          .header('cache-control', 'no-store')
          // Nothing follows a stream on its connection: kept alive, it would hold up the stop of the console.
          .header('connection', 'close')
          .send(stream as never)
      );
    },
  });
}

/** An open stream. */
interface Events {
  readonly stream: Readable;
  /** Ends it in good order. */
  readonly end: () => void;
}

/** What the board tells from now on. The stream is among the open ones until it ends. */
async function events(board: Board, open: Set<Events>): Promise<Events> {
  const stream = new Readable({ read: () => undefined });
  stream.push('retry: 1000\n\n');
  stream.push(eventOf('overview', await board.now()));
  const unwatch = board.watch((overview, point) => {
    if (stream.readableLength >= UNREAD_BYTES) return;
    stream.push(eventOf('overview', overview));
    stream.push(eventOf('point', point));
  });
  // Nothing may be told after the end.
  const leave = () => {
    unwatch();
    open.delete(told);
  };
  const end = () => {
    leave();
    stream.push(null);
  };
  const told: Events = { stream, end };
  open.add(told);
  stream.once('close', leave);
  return told;
}

const eventOf = (name: 'overview' | 'point', data: Overview | Point) =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
