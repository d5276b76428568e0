import { Readable } from 'node:stream';
import {
  exportDeadLetters,
  getDeadLetter,
  groupDeadLetters,
  listDeadLetters,
  type DeadLetterFilter,
  type DeadLetterGroup,
} from '@esteira/dead-letters';
import { dependencyUnavailable, invalidRequest, problemResponses, type App } from '@esteira/http';
import { present } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import type { Console } from '../console.ts';
import { filter, filterMembers, filterOf, group, item, deadLetter, noDeadLetter } from '../dead-letter-schemas.ts';
import { deadLetterOf, itemOf } from '../dead-letter-view.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import type { ConsolePipeline } from '../pipelines/pipeline.ts';
import { closed, messageId, nullable, PAGE_ITEMS, pageOf, pageView, paging, time } from '../schemas.ts';
import { snake } from '../snake.ts';
import { IN_QUERY } from '../time-of.ts';

const tags = ['dead letters'];
const refusals = problemResponses(invalidRequest, noPipeline, dependencyUnavailable);
const params = Type.Object(inPath, closed);
/** A million dead letters take a while, in milliseconds. */
const EXPORT_MS = 3_600_000;
/** Letters written at once. */
const LINES_AT_ONCE = 100;

type Parts = Pick<Console, 'pipelines'>;

/** `GET …/dead-letters`, `/groups`, `/export` and `/:message_id`. */
export function addDeadLetters(app: App, console: Parts): void {
  addGroups(app, console);
  addList(app, console);
  addExport(app, console);
  addOne(app, console);
}

function addGroups(app: App, { pipelines }: Parts): void {
  app.get('/dead-letters/groups', {
    schema: {
      operationId: 'deadLetterGroups',
      tags,
      summary: 'Dead letters by reason and error',
      description: 'The open ones, or those that a filter means; the largest group first, 200 at most.',
      params,
      querystring: filter,
      response: {
        200: Type.Object({
          from: nullable(time('When the first of all died.')),
          to: nullable(time('When the last of all died.')),
          groups: Type.Array(group),
        }),
        ...refusals,
      },
    },
    handler: async ({ params: { pipeline }, query }) => {
      const { endput } = pipelineOf(pipelines, pipeline);
      const asked = filterOf(query, IN_QUERY);
      const { from, to, groups } = await groupDeadLetters(endput, pipeline, { state: 'dead', ...asked });
      return { from, to, groups: groups.map(groupOf) };
    },
  });
}

function groupOf({ example, sparkline, ...rest }: DeadLetterGroup): Static<typeof group> {
  return { ...snake(rest), sparkline: [...sparkline], example: snake(example) };
}

function addList(app: App, { pipelines }: Parts): void {
  app.get('/dead-letters', {
    schema: {
      operationId: 'deadLetters',
      tags,
      summary: 'Dead letters',
      description: 'Those that a filter means, in any state where it does not say.',
      params,
      querystring: Type.Object(
        {
          ...filterMembers,
          sort: Type.Optional(
            Type.Enum(['-dead_at', 'dead_at', '-message_id', 'message_id'], { description: '-dead_at: newest first.' }),
          ),
          ...paging,
        },
        closed,
      ),
      response: { 200: pageOf(item), ...refusals },
    },
    handler: async ({ params: { pipeline }, query: { sort = '-dead_at', limit = PAGE_ITEMS, cursor, ...asked } }) => {
      const { endput, redrivable } = pipelineOf(pipelines, pipeline);
      const by = sort.endsWith('dead_at') ? 'dead_at' : 'message_id';
      const page = await listDeadLetters(endput, pipeline, {
        filter: filterOf(asked, IN_QUERY),
        sort: { by, direction: sort.startsWith('-') ? 'desc' : 'asc' },
        limit,
        ...present({ cursor }),
      });
      return pageView(page, (one) => itemOf(redrivable.pipeline, one));
    },
  });
}

function addExport(app: App, { pipelines }: Parts): void {
  app.get('/dead-letters/export', {
    handlerTimeout: EXPORT_MS,
    schema: {
      operationId: 'exportDeadLetters',
      tags,
      summary: 'Dead letters as a file',
      description: 'Those that a filter means, whole, as NDJSON, in the order of their ids.',
      params,
      querystring: filter,
      response: {
        200: {
          description: 'A JSON object on each line.',
          content: { 'application/x-ndjson': { schema: deadLetter } },
        },
        ...refusals,
      },
    },
    handler: async ({ params: { pipeline }, query }, reply) => {
      const lines: unknown = Readable.from(linesOf(pipelineOf(pipelines, pipeline), filterOf(query, IN_QUERY)));
      return reply
        .header('content-disposition', 'attachment; filename="dead-letters.ndjson"')
        .type('application/x-ndjson')
        .send(lines as never);
    },
  });
}

async function* linesOf(
  { endput, redrivable: { pipeline } }: ConsolePipeline,
  asked: DeadLetterFilter,
): AsyncGenerator<string> {
  let lines: string[] = [];
  for await (const one of exportDeadLetters(endput, pipeline.name, asked)) {
    lines.push(`${JSON.stringify(deadLetterOf(pipeline, one))}\n`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines.join('');
    lines = [];
  }
  if (lines.length > 0) yield lines.join('');
}

function addOne(app: App, { pipelines }: Parts): void {
  app.get('/dead-letters/:message_id', {
    schema: {
      operationId: 'deadLetter',
      tags,
      summary: 'One dead letter',
      description: 'Whole: its bytes, headers, attempts and history.',
      params: Type.Object({ ...inPath, message_id: messageId }, closed),
      response: {
        200: deadLetter,
        ...problemResponses(invalidRequest, noPipeline, noDeadLetter, dependencyUnavailable),
      },
    },
    handler: async ({ params: { pipeline, message_id: id } }) => {
      const { endput, redrivable } = pipelineOf(pipelines, pipeline);
      const found = await getDeadLetter(endput, pipeline, id);
      if (found === undefined) throw noDeadLetter(`There is no dead letter ${id}.`);
      return deadLetterOf(redrivable.pipeline, found);
    },
  });
}
