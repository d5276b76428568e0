import { outcomeOfAnswer, type HttpAnswer } from '@esteira/handlers';
import type { HandlerOutcome } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { defineTaskType, type PayloadProblem, type TaskRun, type TaskType } from '../task-type.ts';
import { BodyText } from './body.ts';
import type { Exchanged, HttpClient } from './client.ts';
import { ExchangeFailure } from './exchange.ts';
import { requestOf, requestProblem, requestProperties, USUAL_TIMEOUT_MS, type HttpRequest } from './request.ts';
import { faultOf } from './why.ts';

/** How much of an answer is kept, in bytes. */
const MAX_KEPT_BYTES = 8_192;
const IDEMPOTENCY_KEY = 'idempotency-key';

const payload = Type.Object(
  {
    ...requestProperties,
    body: Type.Optional(
      Type.Unknown({ description: 'What is sent: a text as it is, anything else as JSON. A GET or HEAD sends none.' }),
    ),
  },
  { additionalProperties: false },
);
type CallPayload = Static<typeof payload>;

/**
 * Sends a request, which is an action: 2xx is a success, whose status and body are the result; 400 and 422 are a dead
 * letter at once, as for every service that Esteira asks (`outcomeOfAnswer`); anything else has failed an attempt, 401,
 * 403, 404 and 410 too, since they pass with a deployment or a changed key. `Retry-After` is honoured, no redirect is
 * followed, and `Idempotency-Key` is the id of the task at each attempt.
 */
export function httpCall({ client }: { readonly client: HttpClient }): TaskType {
  return defineTaskType({
    name: 'http-call',
    description: 'Sends a request until it is answered 2xx, and keeps the answer.',
    payload,
    problem: (given) => requestProblem(given, [IDEMPOTENCY_KEY]) ?? bodyProblem(given),
    run: async (given, run) => {
      const limitMs = given.timeout_ms ?? USUAL_TIMEOUT_MS;
      const options = { leftMs: limitMs, timeoutMs: limitMs, signal: run.signal };
      try {
        const answer = await client.exchange(callOf(given, run), () => new BodyText(MAX_KEPT_BYTES), options);
        return outcomeOf(answer, new Date());
      } catch (error) {
        if (run.signal.aborted || !(error instanceof ExchangeFailure)) throw error;
        return failed(error);
      }
    },
  });
}

function callOf(given: CallPayload, { taskId }: TaskRun): HttpRequest {
  const { headers, ...request } = requestOf(given, 'POST');
  const { body } = given;
  const named = { ...headers, [IDEMPOTENCY_KEY]: taskId };
  if (body === undefined) return { ...request, headers: named };
  const [type, text] =
    typeof body === 'string' ? ['text/plain;charset=utf-8', body] : ['application/json', JSON.stringify(body)];
  return { ...request, headers: { 'content-type': type, ...named }, body: text };
}

function bodyProblem({ method = 'POST', body }: CallPayload): PayloadProblem | undefined {
  if (body === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  return { pointer: '/body', message: `can't be sent with ${method}` };
}

function outcomeOf({ status, headers, body }: Exchanged<BodyText>, now: Date): HandlerOutcome {
  const answer: HttpAnswer = {
    status,
    contentType: headers['content-type'] ?? '',
    retryAfter: headers['retry-after'],
    location: headers.location,
    text: body.text,
  };
  const outcome = outcomeOfAnswer(answer, 'service', now);
  if (outcome.kind !== 'succeeded') return outcome;
  return {
    kind: 'succeeded',
    result: { status, body: outcome.result ?? body.text, ...(body.cut ? { cut: true } : {}) },
  };
}

function failed(failure: ExchangeFailure): HandlerOutcome {
  const { why, reason } = faultOf(failure) ?? {
    why: 'no-socket',
    reason: `This machine could not ask: ${failure.message}`,
  };
  return { kind: 'retry', error: { code: `http-${why}`, message: `The service gave no answer. ${reason}` } };
}
