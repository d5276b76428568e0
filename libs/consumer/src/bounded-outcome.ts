import { boundedError, type JsonValue, type HandlerOutcome } from '@esteira/pipeline';

/** The longest result that is kept, in bytes of JSON. */
export const MAX_RESULT_BYTES = 16_384;
/** The deepest nesting of a result: MongoDB takes 100 levels. */
const MAX_RESULT_DEPTH = 32;
/** The longest code of a failure, in characters: groups of dead letters are made by it. */
const MAX_CODE_LENGTH = 64;

/**
 * An outcome that every store takes, whatever a handler said: texts without NUL and half characters (Postgres refuses
 * them) and at most 1 KB, a result of bounded size and depth. Of a result that is too big the log says so. Pure.
 */
export function boundedOutcome(outcome: HandlerOutcome): HandlerOutcome {
  switch (outcome.kind) {
    case 'succeeded':
      return outcome.result === undefined ? outcome : { kind: 'succeeded', result: boundedResult(outcome.result) };
    case 'retry': {
      const error = boundedFailure(outcome.error);
      const { afterMs } = outcome;
      return afterMs !== undefined && afterMs >= 0 ? { kind: 'retry', error, afterMs } : { kind: 'retry', error };
    }
    case 'dead-letter':
      return { kind: 'dead-letter', error: boundedFailure(outcome.error) };
    case 'return':
      return { kind: 'return', fault: boundedFailure(outcome.fault) };
  }
}

function boundedFailure({ code, message }: { code: string; message: string }): { code: string; message: string } {
  return { code: clean(code.slice(0, MAX_CODE_LENGTH)), message: boundedError(clean(message)) };
}

function clean(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed();
}

function boundedResult(result: JsonValue): JsonValue {
  if (isTooDeep(result, MAX_RESULT_DEPTH)) return notKept(`it is nested deeper than ${MAX_RESULT_DEPTH} levels`);
  const text = JSON.stringify(result);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) return notKept(`it has ${bytes} bytes, more than ${MAX_RESULT_BYTES}`);
  // MongoDB takes no NUL in a name; in a value it may stand, but nobody can read it.
  return text.includes('\\u0000') ? notKept('it has a NUL character in it') : result;
}

function notKept(why: string): JsonValue {
  return { not_kept: `The result is not kept: ${why}.` };
}

function isTooDeep(value: JsonValue, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}
