import { Readable } from 'node:stream';
import { problemResponses, dependencyUnavailable, type App } from '@esteira/http';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import type { Board } from '../overview/board.ts';
import type { Overview, Point } from '../overview/schema.ts';

/** A stream ends after a day at the latest, in milliseconds; EventSource connects again. */
const STREAM_MS = 86_400_000;
/** What a reader that is too slow may leave unread, in bytes, before overviews are left out for it. */
const UNREAD_BYTES = 1_000_000;

/** `GET /v0/overview/stream`: of all pipelines at once, since a browser has few connections to one server. */
export function addStream(app: App, { pipelines, access: { sessions } }: Pick<Console, 'pipelines' | 'access'>): void {
  const boards = () => pipelines.map(({ board }) => board());
  const open = new Set<Events>();
  app.addHook('preClose', (done) => {
    for (const { end } of open) end();
    done();
  });
  app.get('/v0/overview/stream', {
    handlerTimeout: STREAM_MS,
    schema: {
      operationId: 'overviewStream',
      tags: ['overview'],
      summary: 'The overviews, live',
      description:
        'Server-sent events, JSON each, of every pipeline, which each names: `overview`, one a second, is a whole overview; `point`, after each, what the charts show of it: one in 5 seconds becomes a point of the history. It ends with the session it was opened with.',
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
      const { stream, end } = await events(boards(), open);
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

/** What the boards tell from now on. The stream is among the open ones until it ends. */
async function events(boards: readonly Board[], open: Set<Events>): Promise<Events> {
  const stream = new Readable({ read: () => undefined });
  stream.push('retry: 1000\n\n');
  for (const overview of await Promise.all(boards.map((board) => board.now())))
    stream.push(eventOf('overview', overview));
  const unwatch = boards.map((board) =>
    board.watch((overview, point) => {
      if (stream.readableLength >= UNREAD_BYTES) return;
      stream.push(eventOf('overview', overview));
      stream.push(eventOf('point', point));
    }),
  );
  // Nothing may be told after the end.
  const leave = () => {
    for (const end of unwatch) end();
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
