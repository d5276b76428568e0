import { Readable } from 'node:stream';
import { problemResponses, dependencyUnavailable, type App } from '@esteira/http';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { historySchema, overviewSchema, type Overview } from '../overview/schema.ts';
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
      description: 'A second old at most. What is not known now says so itself, with the last answer and its time.',
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
      description: 'Server-sent events named `overview`, one a second, each with a whole overview as JSON.',
      response: {
        200: {
          description: 'Events for EventSource, without an end.',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        ...problemResponses(dependencyUnavailable),
      },
    },
    handler: async (_request, reply) => {
      const stream = new Readable({ read: () => undefined });
      open.add(stream);
      stream.push('retry: 1000\n\n');
      stream.push(eventOf(await board().now()));
      const unwatch = board().watch((overview) => {
        if (stream.readableLength < UNREAD_BYTES) stream.push(eventOf(overview));
      });
      stream.once('close', () => {
        unwatch();
        open.delete(stream);
      });
      return reply
        .type('text/event-stream')
        .header('cache-control', 'no-store')
        .send(stream as never);
    },
  });
}

const eventOf = (overview: Overview) => `event: overview\ndata: ${JSON.stringify(overview)}\n\n`;
