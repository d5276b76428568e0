import type { AttemptFact, Facts, LetterFact, StoredFact } from './facts.ts';
import { resultOf, type CheckResult } from './result.ts';

/** Every attempt that a row of the endput or a dead letter tells of is in the log. Pure. */
export function attemptsLogged({ stored, letters, log, logged, maxAttempts }: Facts): CheckResult {
  const found = [...log.values()].flat().filter(({ status }) => status !== 'invalid').length;
  const problems = [
    ...stored.flatMap((row) => storedProblems(row, log.get(row.messageId) ?? [], maxAttempts)),
    ...exhausted(letters).flatMap((letter) => letterProblems(letter, log.get(letter.messageId) ?? [], maxAttempts)),
    ...(found === logged ? [] : [`the log holds ${logged - found} attempts of messages that are at rest nowhere`]),
  ];
  return resultOf(
    {
      guarantee: 'Every attempt is accounted for: each in the log, none twice',
      how: 'attempts 1..n of each stored order and dead letter were looked up in MongoDB, where an id is unique; the n-th ended it; no document is left over',
    },
    stored.length + letters.length,
    problems,
  );
}

/** A success is never forgotten. Pure. */
export function successesStored({ stored, log }: Facts): CheckResult {
  const ids = new Set(stored.map(({ messageId }) => messageId));
  const problems = [...log].flatMap(([messageId, attempts]) =>
    ids.has(messageId)
      ? []
      : attempts
          .filter(({ status }) => status === 'succeeded')
          .map(
            ({ round, attempt }) => `${messageId}: attempt ${attempt} of round ${round} succeeded, and is not stored`,
          ),
  );
  return resultOf(
    {
      guarantee: 'A success is stored, whatever copies of the message do',
      how: 'each document of the attempt log that says succeeded was looked up in the endput',
    },
    [...log.values()].flat().length,
    problems,
  );
}

/** An order dies of its attempts and of nothing else, and of all of them. Pure. */
export function deathsDeserved({ letters, maxAttempts }: Facts): CheckResult {
  const ofOrders = letters.filter(({ system, state }) => system !== null && state === 'dead');
  const problems = ofOrders.flatMap((letter) => {
    if (letter.reason !== 'attempts-exhausted') return [`${letter.messageId}: dead of ${letter.reason}`];
    const expected = Array.from({ length: letter.round }, (_, r) => numbers(maxAttempts).map((n) => `${r + 1}:${n}`));
    const told = letter.attempts.map(({ round, attempt }) => `${round}:${attempt}`);
    if (told.join() !== expected.flat().join()) return [`${letter.messageId}: tells of the attempts ${told.join(' ')}`];
    return letter.attempts
      .filter(({ worker, error }) => worker === null || error === null)
      .map(({ attempt }) => `${letter.messageId}: does not know who made attempt ${attempt}, or why it failed`);
  });
  return resultOf(
    {
      guarantee: 'An order is a dead letter only after all of its attempts; a fault spends none',
      how: `the list of attempts in each dead letter of an order was compared with 1..${maxAttempts} of each round`,
    },
    ofOrders.length,
    problems,
  );
}

function exhausted(letters: readonly LetterFact[]): LetterFact[] {
  return letters.filter(({ state, reason }) => state === 'dead' && reason === 'attempts-exhausted');
}

function storedProblems(
  { messageId, round, attempts }: StoredFact,
  log: readonly AttemptFact[],
  max: number,
): string[] {
  const missing = missingOf(log, round, attempts, max);
  const last = log.find((one) => one.round === round && one.attempt === attempts);
  return [
    ...missing.map((name) => `${messageId}: stored at attempt ${attempts}, but attempt ${name} is not in the log`),
    ...(last !== undefined && last.status !== 'succeeded'
      ? [`${messageId}: stored at attempt ${attempts}, which the log calls ${last.status}`]
      : []),
  ];
}

function letterProblems({ messageId, round }: LetterFact, log: readonly AttemptFact[], max: number): string[] {
  const last = log.find((one) => one.round === round && one.attempt === max);
  return [
    ...missingOf(log, round, max, max).map((name) => `${messageId}: dead, but attempt ${name} is not in the log`),
    ...(last !== undefined && last.status !== 'dead-lettered'
      ? [`${messageId}: dead of attempt ${max}, which the log calls ${last.status}`]
      : []),
  ];
}

/** Attempts of earlier rounds, all of them, and 1..`attempts` of this one, that are not in the log. */
function missingOf(log: readonly AttemptFact[], round: number, attempts: number, max: number): string[] {
  const there = new Set(log.map((one) => `${one.round}:${one.attempt}`));
  const expected = numbers(round).flatMap((r) => numbers(r === round ? attempts : max).map((n) => `${r}:${n}`));
  return expected.filter((name) => !there.has(name));
}

const numbers = (to: number): number[] => Array.from({ length: to }, (_, i) => i + 1);
