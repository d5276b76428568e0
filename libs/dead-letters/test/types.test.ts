import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { editBody, redrivenMessages, runJob, type Redrivable } from '../src/index.ts';
import {
  atRest,
  bodyOf,
  CREATED_AT,
  deadLetterOf,
  forever,
  idOf,
  openThings,
  redrivable,
  redrive,
  runnerOf,
  things,
  type ThingsEndput,
} from './support/things.ts';

let endput: ThingsEndput;
beforeAll(async () => (endput = await openThings()));
afterAll(() => endput.close());
beforeEach(() => endput.empty());

/** The body of a thing that broke: it has no field in common with that of one that was made. */
const brokenBody = (row: number, more: object = {}) => Buffer.from(JSON.stringify({ broken: row, ...more }));

/** Reads a body as of its type alone: of the other type it is none. */
const twoTypes: Redrivable = {
  pipeline: things,
  atRest,
  readBody: (body, type) => {
    if (type === 'thing.made') return redrivable.readBody(body, type);
    const { broken } = JSON.parse(Buffer.from(body).toString()) as { broken?: number };
    if (broken === undefined) return { problem: { code: 'not-broken', message: 'It says nothing of what broke.' } };
    return { messageId: idOf(broken), origin: 'system-1', key: String(broken), incarnation: CREATED_AT };
  },
};

const edit = (row: number, body: Buffer) =>
  editBody(endput.sql, twoTypes, { messageId: idOf(row), body, by: 'ana', why: 'a typo' });

describe('in a pipeline of two types', () => {
  it('an edit is read as of the type of its dead letter, and refused where it is of the other', async () => {
    await endput.write(
      deadLetterOf(1, { type: 'thing.broken', body: brokenBody(1) }),
      deadLetterOf(2, { type: 'thing.made' }),
    );
    expect(await edit(1, bodyOf(1))).toMatchObject({ kind: 'refused', problem: { code: 'not-broken' } });
    expect(await edit(2, brokenBody(2))).toMatchObject({ kind: 'refused', problem: { code: 'not-a-thing' } });
    expect(await edit(1, brokenBody(1, { note: 'glued' }))).toMatchObject({ kind: 'edited' });
    expect(await edit(2, bodyOf(2, { note: 'glued' }))).toMatchObject({ kind: 'edited' });
  });

  it.each([
    ['tells of none', null],
    ['has one that is none of the pipeline', 'thing.unheard-of'],
  ])('an edit of a dead letter that %s is read as of the first, with which it is sent', async (_, type) => {
    await endput.write(deadLetterOf(1, { type }));
    expect(await edit(1, brokenBody(1))).toMatchObject({ kind: 'refused', problem: { code: 'not-a-thing' } });
    expect(await edit(1, bodyOf(1, { note: 'glued' }))).toMatchObject({ kind: 'edited' });
  });

  it('an edit of what is not there says so, whatever the body is', async () => {
    expect(await edit(9, Buffer.from('no thing'))).toEqual({ kind: 'unknown' });
  });

  it('a redrive sends what its own type can be read as, and leaves the others for an edit', async () => {
    await endput.write(
      deadLetterOf(1, { type: 'thing.broken', body: brokenBody(1) }),
      deadLetterOf(2, { type: 'thing.broken' }),
      deadLetterOf(3, { type: 'thing.made' }),
    );
    const runner = runnerOf(endput, { redrivable: twoTypes });
    const job = await endput.create(redrive());
    await runJob(runner, job.id, forever);
    expect(await endput.read(job)).toMatchObject({ state: 'finished', done: 2, unchanged: { unreadable: 1 } });
    expect(runner.sent.map(({ messageId, type }) => [messageId, type])).toEqual([
      [idOf(1), 'thing.broken'],
      [idOf(3), 'thing.made'],
    ]);
    const request = { origin: 'system-1', keys: ['1', '2', '3'] };
    const made = await redrivenMessages(endput.sql, twoTypes, request, 5);
    expect(made.map(({ message: { messageId, type } }) => [messageId, type])).toEqual([
      [idOf(1), 'thing.broken'],
      [idOf(3), 'thing.made'],
    ]);
  });
});
