import type { Failure, JsonValue, HandlerOutcome } from '@esteira/pipeline';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ThreadAnswer } from './module-thread.ts';

const failure = Type.Object({ code: Type.String({ minLength: 1 }), message: Type.String() });

const outcome = Compile(
  Type.Union([
    Type.Object({ kind: Type.Literal('succeeded'), result: Type.Optional(Type.Unknown()) }),
    Type.Object({ kind: Type.Literal('retry'), error: failure, afterMs: Type.Optional(Type.Number({ minimum: 0 })) }),
    Type.Object({ kind: Type.Literal('dead-letter'), error: failure }),
    Type.Object({ kind: Type.Literal('return'), fault: failure }),
  ]),
);

/** What became of an attempt of a module, as an outcome: whatever is wrong with its answer, the attempt is spent. Pure. */
export function outcomeOfModule(answer: ThreadAnswer, role: string): HandlerOutcome {
  switch (answer.kind) {
    case 'answer':
      return checked(answer.json, role);
    case 'threw':
      return retry(`${role}-threw`, answer.message);
    case 'timeout':
      return retry('timeout', 'The module did not answer in time; its thread was ended.');
    case 'crashed':
      return retry(`${role}-crashed`, `The module crashed: ${answer.message}.`);
  }
}

function checked(json: string | undefined, role: string): HandlerOutcome {
  const value: unknown = json === undefined ? undefined : JSON.parse(json);
  if (!outcome.Check(value)) {
    return retry(
      `${role}-answer`,
      `The module answered ${(json ?? 'nothing').slice(0, 200)}; it must answer { kind: 'succeeded' | 'retry' | 'dead-letter' | 'return', … }.`,
    );
  }
  switch (value.kind) {
    case 'succeeded':
      return value.result === undefined
        ? { kind: 'succeeded' }
        : { kind: 'succeeded', result: value.result as JsonValue };
    case 'retry':
      return value.afterMs === undefined
        ? { kind: 'retry', error: plain(value.error) }
        : { kind: 'retry', error: plain(value.error), afterMs: value.afterMs };
    case 'dead-letter':
      return { kind: 'dead-letter', error: plain(value.error) };
    case 'return':
      return { kind: 'return', fault: plain(value.fault) };
  }
}

/** Only what a failure consists of: the stores keep it as it is. */
function plain({ code, message }: Failure): Failure {
  return { code, message };
}

function retry(code: string, message: string): HandlerOutcome {
  return { kind: 'retry', error: { code, message } };
}
