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
export function addOverview(app: App, { board }: Pick<Console, 'board'>): void {
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
    handler: () => ({ every_seconds: EVERY_SECONDS, points: [...board().series.points] }),
  });
  addStream(app, board);
}

function addStream(app: App, board: Console['board']): void {
  const open = new Set<Readable>();
  app.addHook('preClose', (done) => {
    for (const stream of open) stream.push(null);
    done();
  });
  app.get('/v0/overview/stream', {
    handlerTimeout: STREAM_MS,
    schema: {
      operationId: 'overviewStream',
      tags,
      summary: 'The overview, live',
      description:
        'Server-sent events, JSON each: `overview`, one a second, is a whole overview; `point`, one in 5 seconds, a point of the history.',
      response: {
        200: {
          description: 'Events for EventSource, without an end.',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        ...problemResponses(dependencyUnavailable),
      },
    },
    handler: async (_request, reply) =>
      reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .send((await events(board(), open)) as never),
  });
}

/** What the board tells from now on. The stream is among the open ones until it is closed. */
async function events(board: Board, open: Set<Readable>): Promise<Readable> {
  const stream = new Readable({ read: () => undefined });
  open.add(stream);
  stream.push('retry: 1000\n\n');
  stream.push(eventOf('overview', await board.now()));
  const unwatch = board.watch((overview, point) => {
    if (stream.readableLength >= UNREAD_BYTES) return;
    stream.push(eventOf('overview', overview));
    if (point !== undefined) stream.push(eventOf('point', point));
  });
  stream.once('close', () => {
    unwatch();
    open.delete(stream);
  });
  return stream;
}

const eventOf = (name: 'overview' | 'point', data: Overview | Point) =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
