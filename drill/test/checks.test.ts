import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsLogged, deathsDeserved, successesStored } from '../src/checks/attempts.ts';
import { faultsHit, importedOnce, nothingLeft, processesLived } from '../src/checks/ends.ts';
import type { AttemptFact, Facts, LetterFact, StoredFact } from '../src/checks/facts.ts';
import { mirrorEqual, poisonBuried } from '../src/checks/letters.ts';
import { holds } from '../src/checks/result.ts';
import { rowsAtRest } from '../src/checks/rows.ts';
import type { Happening } from '../src/ledger.ts';
import { perSecond } from '../src/time-line.ts';

const MAX = 5;
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const failed = (round: number, attempt: number): AttemptFact => ({ round, attempt, status: 'failed' });

const stored = (id: string, attempts: number): [StoredFact, AttemptFact[]] => [
  { messageId: id, system: 'system-1', sourceId: id, round: 1, attempts },
  [...numbers(attempts - 1).map((n) => failed(1, n)), { round: 1, attempt: attempts, status: 'succeeded' }],
];
const dead = (id: string, round = 1): [LetterFact, AttemptFact[]] => {
  const made = numbers(round).flatMap((r) => numbers(MAX).map((n) => ({ round: r, attempt: n })));
  const letter: LetterFact = {
    messageId: id,
    system: 'system-1',
    sourceId: id,
    state: 'dead',
    round,
    reason: 'attempts-exhausted',
    attempts: made.map((one) => ({ ...one, worker: 'consumer-1', error: { code: 'tails', message: 'tails' } })),
    body: id,
  };
  return [letter, made.map((one) => ({ ...one, status: one.attempt === MAX ? 'dead-lettered' : 'failed' }))];
};

/** Books in which every attempt is where it should be. */
const books = fc
  .record({
    stored: fc.array(fc.integer({ min: 1, max: MAX }), { minLength: 1, maxLength: 20 }),
    dead: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 20 }),
  })
  .map((drawn): Facts => {
    const rows = drawn.stored.map((attempts, i) => stored(`s${i}`, attempts));
    const letters = drawn.dead.map((round, i) => dead(`d${i}`, round));
    const all = [...rows, ...letters];
    return {
      stored: rows.map(([row]) => row),
      letters: letters.map(([letter]) => letter),
      log: new Map(all.map(([row, log]) => [row.messageId, log])),
      logged: all.reduce((sum, [, log]) => sum + log.length, 0),
      maxAttempts: MAX,
    };
  });

describe('attempts', () => {
  it('are accounted for where each is in the log', () => {
    fc.assert(
      fc.property(books, (facts) => {
        expect([attemptsLogged, successesStored, deathsDeserved].map((check) => check(facts).problems)).toEqual([
          [],
          [],
          [],
        ]);
      }),
    );
  });

  it('are missed, whichever of them is not in the log', () => {
    fc.assert(
      fc.property(books, fc.nat(), fc.nat(), (facts, who, which) => {
        const [id, log] = [...facts.log][who % facts.log.size]!;
        const gone = new Map(facts.log).set(id, log.toSpliced(which % log.length, 1));
        expect(holds(attemptsLogged({ ...facts, log: gone, logged: facts.logged - 1 }))).toBe(false);
      }),
    );
  });

  it('of a message that rests nowhere are noticed', () => {
    fc.assert(
      fc.property(books, (facts) => {
        expect(holds(attemptsLogged({ ...facts, logged: facts.logged + 1 }))).toBe(false);
      }),
    );
  });

  it('that succeeded and left nothing in the endput are noticed', () => {
    fc.assert(
      fc.property(books, (facts) => {
        expect(holds(successesStored({ ...facts, stored: facts.stored.slice(1) }))).toBe(false);
      }),
    );
  });

  it('of a dead letter must be all there are, of every round, and be known', () => {
    const [letter] = dead('d', 2);
    const of = (change: Partial<LetterFact>) =>
      holds(
        deathsDeserved({
          stored: [],
          log: new Map(),
          logged: 0,
          maxAttempts: MAX,
          letters: [{ ...letter, ...change }],
        }),
      );
    expect(of({})).toBe(true);
    expect(of({ attempts: letter.attempts.slice(1) })).toBe(false);
    expect(of({ attempts: [...letter.attempts, ...letter.attempts.slice(0, 1)] })).toBe(false);
    expect(of({ attempts: letter.attempts.map((one) => ({ ...one, round: 1 })) })).toBe(false);
    expect(of({ attempts: letter.attempts.map((one) => ({ ...one, worker: null })) })).toBe(false);
    expect(of({ reason: 'crashed-consumer' })).toBe(false);
  });
});

describe('rows', () => {
  const reconciled = { reconciliation: { systems: [] }, unrested: [] };
  const [row] = stored('1', 1);
  const [letter] = dead('1');

  it('rest in one place', () => {
    expect(holds(rowsAtRest(reconciled, { stored: [row], letters: [{ ...letter, state: 'redriven' }] }))).toBe(true);
    expect(holds(rowsAtRest(reconciled, { stored: [row], letters: [letter] }))).toBe(false);
  });

  it('that reconciliation names are told by name', () => {
    const missing = { system: 'system-1', id: '7', class: 'missing', round: 1, day: '1997-01-31' } as const;
    expect(rowsAtRest({ ...reconciled, unrested: [missing] }, { stored: [], letters: [] }).problems).toEqual([
      'system-1 row 7: missing',
    ]);
  });
});

describe('poison', () => {
  const body = Buffer.from('not an order');
  const md5 = createHash('md5').update(body).digest('hex');
  const letter: LetterFact = { ...dead('p')[0], system: null, sourceId: null, reason: 'invalid', body: md5 };
  const check = (letters: LetterFact[]) => holds(poisonBuried({ letters }, [{ kind: 'not text', body }]));

  it('is one dead letter with its bytes: none, two, or other bytes are noticed', () => {
    expect(check([letter])).toBe(true);
    expect(check([])).toBe(false);
    expect(check([letter, { ...letter, messageId: 'q' }])).toBe(false);
    expect(check([letter, { ...letter, messageId: 'q', body: 'other' }])).toBe(false);
    expect(check([{ ...letter, reason: 'attempts-exhausted' }])).toBe(false);
  });

  it('and every other dead letter lies in the queue too, and nothing else does', () => {
    expect(holds(mirrorEqual({ letters: [letter] }, new Set(['p'])))).toBe(true);
    expect(holds(mirrorEqual({ letters: [letter] }, new Set()))).toBe(false);
    expect(holds(mirrorEqual({ letters: [letter] }, new Set(['p', 'x'])))).toBe(false);
    expect(holds(mirrorEqual({ letters: [{ ...letter, state: 'redriven' }] }, new Set()))).toBe(true);
  });
});

describe('the end of a drill', () => {
  it('leaves nothing in a queue, and no row after a cursor', () => {
    const check = (queued: number, behind: number, stuck?: string) =>
      holds(nothingLeft(new Map([['orders.primary', queued]]), new Map([['system-1', behind]]), stuck));
    expect([check(0, 0), check(1, 0), check(0, 1), check(0, 0, 'nothing moves')]).toEqual([true, false, false, false]);
  });

  it('finds every imported row once', () => {
    const imports = [{ system: 'system-1', tag: 'import-1', rows: 10 }];
    const check = (rows: number, distinct: number) =>
      holds(importedOnce(imports, new Map([['system-1 import-1', { rows, distinct }]])));
    expect([check(10, 10), check(11, 10), check(9, 9), check(10, 9)]).toEqual([true, false, false, false]);
  });

  it('forgives an end before a process was ready, and no other', () => {
    const ending = { at: 0, exitCode: 1 };
    const check = (wasReady: boolean) => holds(processesLived([{ name: 'a', endings: [{ ...ending, wasReady }] }], []));
    expect([check(false), check(true)]).toEqual([true, false]);
    expect(holds(processesLived([], ['a run ended in ERROR']))).toBe(false);
  });

  it('counts a hit only when there was work', () => {
    const hit = (kind: 'kill' | 'freeze', unsettled: number): Happening => ({
      fault: kind === 'kill' ? { kind, process: 'a' } : { kind, process: 'a', ms: 1 },
      what: '',
      from: 0,
      to: 0,
      unsettled,
    });
    expect(holds(faultsHit(['a'], 1, [hit('kill', 3), hit('freeze', 1)]))).toBe(true);
    expect(holds(faultsHit(['a'], 1, [hit('kill', 3), hit('freeze', 0)]))).toBe(false);
    expect(holds(faultsHit(['a'], 2, [hit('kill', 3), hit('freeze', 1)]))).toBe(false);
  });

  it('shows what came to rest each second', () => {
    const sample = (at: number, stored: number) => ({ at, stored, dead: 0, rows: 100, attempts: 0 });
    expect(perSecond([sample(0, 0), sample(500, 10), sample(2_500, 10)])).toEqual([
      { at: 500, rate: 20 },
      { at: 2_500, rate: 0 },
    ]);
  });
});
