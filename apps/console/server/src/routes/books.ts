import { recordAction } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  noSuch,
  optionalBody,
  problemResponses,
  type App,
} from '@esteira/http';
import {
  addsUp,
  differenceOf,
  isAllAtRest,
  present,
  problemsOf,
  type BookClass,
  type Books,
  type BooksReport,
  type BooksRun,
} from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import type { Console } from '../console.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import { closed, count, nullable, PAGE_ITEMS, pageOf, pageView, paging, sought, text } from '../schemas.ts';
import { snake } from '../snake.ts';

const tags = ['books'];
const noRun = noSuch('run of the books');
const refusals = problemResponses(invalidRequest, noPipeline, dependencyUnavailable);
const withOne = problemResponses(invalidRequest, noPipeline, noRun, dependencyUnavailable);
const alreadyUnderWay = defineProblem({
  code: 'books-under-way',
  status: 409,
  title: 'The books are being made up.',
});

const runId = Type.String({
  title: 'the id of a run of the books',
  minLength: 1,
  maxLength: 63,
  description: 'Of a run of the books.',
});

const bookClass = Type.Object({
  name: text,
  label: text,
  kind: Type.Enum(['done', 'dead', 'discarded', 'in-flight', 'to-be-sent', 'fault', 'stray', 'aside'], {
    description:
      'What its items count as. `fault`: accepted, and none of the five before. `stray`: never accepted, and there. `aside`: explained by somebody.',
  }),
  what: nullable(Type.String({ description: 'Of a fault or a stray: what is wrong, in words that follow a number.' })),
  remedy: nullable(Type.Enum(['send-again', 'explain'], { description: 'What can be done about such an item.' })),
});
const report = Type.Object({
  accepted: Type.String({ description: 'What is accepted, in words.' }),
  classes: Type.Array(bookClass, { description: 'In the order in which they are shown.' }),
  origins: Type.Array(
    Type.Object({
      origin: text,
      accepted: count,
      counts: Type.Record(text, count, { description: 'By the names of the classes.' }),
      difference: Type.Integer({ description: 'Accepted, and neither at rest nor in flight nor still to be sent.' }),
    }),
  ),
  adds_up: Type.Boolean({ description: 'No origin has a difference, a fault or a stray.' }),
  is_at_rest: Type.Boolean({ description: 'All that was accepted is at rest.' }),
  problems: Type.Array(Type.Object({ count, what: text })),
});
const run = Type.Object({
  id: text,
  state: Type.Enum(['running', 'finished', 'failed', 'interrupted']),
  started_by: text,
  started_at: text,
  ended_at: nullable(Type.String({ description: 'As of when the report is.' })),
  report: nullable(report),
  error: nullable(text),
});
const item = Type.Object({
  origin: text,
  key: Type.String({ description: 'What it is called at its origin.' }),
  class: text,
  details: Type.String({ description: 'What is known of it, for people.' }),
  sent_again_at: nullable(text),
});

type Parts = Pick<Console, 'pipelines'>;

/** `GET|POST …/books`, `GET …/books/:id` and `…/books/:id/items`: whether all that was accepted is accounted for. */
export function addBooks(app: App, console: Parts): void {
  addBegin(app, console);
  addRuns(app, console);
  addItems(app, console);
}

function addBegin(app: App, { pipelines }: Parts): void {
  app.post('/books', {
    schema: {
      operationId: 'makeUpBooks',
      tags,
      summary: 'Make up the books',
      description: 'Accounts for all that was accepted, item by item. One at a time.',
      params: Type.Object(inPath, closed),
      body: Type.Object({}, closed),
      ...optionalBody,
      response: { 202: Type.Object({ id: text }), ...refusals, ...problemResponses(alreadyUnderWay) },
    },
    handler: async (request, reply) => {
      const { pipeline } = request.params;
      const { books, endput } = pipelineOf(pipelines, pipeline);
      const by = callerNamed(request);
      const { kind, id } = await books.begin(by);
      if (kind === 'already-running')
        throw alreadyUnderWay('The books are being made up: wait for the result.', { id });
      await recordAction(endput, { pipeline, by, action: 'books', details: { run: id } });
      return reply.code(202).send({ id });
    },
  });
}

function addRuns(app: App, { pipelines }: Parts): void {
  app.get('/books', {
    schema: {
      operationId: 'books',
      tags,
      summary: 'The books',
      description:
        'accepted = done + dead + discarded + in flight + to be sent, each time they were made up; the newest first.',
      params: Type.Object(inPath, closed),
      querystring: Type.Object(paging, closed),
      response: { 200: pageOf(run), ...refusals },
    },
    handler: async ({ params: { pipeline }, query: { limit = PAGE_ITEMS, cursor } }) => {
      const { books } = pipelineOf(pipelines, pipeline);
      return pageView(await books.runs({ limit, ...present({ cursor }) }), runView);
    },
  });
  app.get('/books/:id', {
    schema: {
      operationId: 'booksRun',
      tags,
      summary: 'The books at one time',
      params: Type.Object({ ...inPath, id: runId }, closed),
      response: { 200: run, ...withOne },
    },
    handler: async ({ params: { pipeline, id } }) => runView(await runOf(pipelineOf(pipelines, pipeline).books, id)),
  });
}

function addItems(app: App, { pipelines }: Parts): void {
  app.get('/books/:id/items', {
    schema: {
      operationId: 'booksItems',
      tags,
      summary: 'Items that do not add up',
      description: 'Of one class, by origin and key.',
      params: Type.Object({ ...inPath, id: runId }, closed),
      querystring: Type.Object(
        { class: sought('The name of a class.'), origin: Type.Optional(sought('An origin.')), ...paging },
        closed,
      ),
      response: { 200: pageOf(item), ...withOne },
    },
    handler: async ({ params: { pipeline, id }, query: { limit = PAGE_ITEMS, class: name, origin, cursor } }) => {
      const { books } = pipelineOf(pipelines, pipeline);
      await runOf(books, id);
      const asked = { class: name, limit, ...present({ origin, cursor }) };
      return pageView(await books.items(id, asked), (one) => snake(one));
    },
  });
}

/** @throws noRun */
async function runOf(books: Books, id: string): Promise<BooksRun> {
  const found = await books.run(id);
  if (found === undefined) throw noRun(`There is no run ${id} of the books; the latest ones are kept.`);
  return found;
}

function runView({ report: found, ...rest }: BooksRun): Static<typeof run> {
  return { ...snake(rest), report: found && reportView(found) };
}

function reportView(found: BooksReport): Static<typeof report> {
  const { accepted, classes, origins } = found;
  return {
    accepted,
    classes: classes.map(classView),
    origins: origins.map((one) => ({ ...one, counts: { ...one.counts }, difference: differenceOf(one, classes) })),
    adds_up: addsUp(found),
    is_at_rest: isAllAtRest(found),
    problems: problemsOf(found).map((one) => ({ ...one })),
  };
}

function classView(one: BookClass): Static<typeof bookClass> {
  const { name, label, kind } = one;
  return 'what' in one
    ? { name, label, kind, what: one.what, remedy: one.remedy }
    : { name, label, kind, what: null, remedy: null };
}
