import type { Failure, JsonValue, HandlerOutcome } from '@esteira/pipeline';
import { retryAfterMs } from './retry-after.ts';

/** A service's answer, as far as an outcome depends on it. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  /** Where it leads elsewhere. */
  readonly location: string | undefined;
  /** The body as text; undefined where it was longer than is read. */
  readonly text: string | undefined;
}

/** A code that a service may give its refusals, so that dead letters can be grouped by it. */
const CODE = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;

/**
 * What a service's answer means for its message: 2xx succeeded, 400 and 422 dead letter, anything else a retry, not
 * before `Retry-After`. `role` is what people call the service. What it means for the service: `failureKindOf`. Pure.
 */
export function outcomeOfAnswer(answer: HttpAnswer, role: string, now: Date): HandlerOutcome {
  const { status, text } = answer;
  const json = jsonOf(answer);
  if (status >= 200 && status < 300) {
    if (text === undefined) return { kind: 'succeeded', result: { not_kept: 'The answer was too long to be read.' } };
    return json === undefined ? { kind: 'succeeded' } : { kind: 'succeeded', result: json };
  }
  const error = failureOf(role, status, json, text);
  if (status === 400 || status === 422) return { kind: 'dead-letter', error };
  const afterMs = retryAfterMs(answer.retryAfter, now);
  return afterMs === undefined ? { kind: 'retry', error } : { kind: 'retry', error, afterMs };
}

function jsonOf({ contentType, text }: HttpAnswer): JsonValue | undefined {
  if (!text || !/^application\/([\w.+-]+\+)?json\b/i.test(contentType)) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined; // Said to be JSON and is not: the text still serves as an explanation.
  }
}

/** The service's own words, where it gave any: of a problem document (RFC 9457), or the text as it is. */
function failureOf(role: string, status: number, json: JsonValue | undefined, text: string | undefined): Failure {
  const said = json !== null && typeof json === 'object' && !Array.isArray(json) ? json : {};
  const words = [said['detail'], said['message'], said['error'], said['title'], text].find(
    (value): value is string => typeof value === 'string' && value.trim() !== '',
  );
  const code = said['code'];
  return {
    code: typeof code === 'string' && CODE.test(code) ? code : `http-${status}`,
    message: words === undefined ? `The ${role} answered ${status}.` : `The ${role} answered ${status}: ${words}`,
  };
}
