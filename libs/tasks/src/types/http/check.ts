import { setTimeout } from 'node:timers/promises';
import type { HandlerOutcome } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { defineTaskType, type TaskRun, type TaskType } from '../task-type.ts';
import type { HttpClient } from './client.ts';
import { expectation } from './expectation.ts';
import { look, NoLook, type Look } from './look.ts';
import { requestOf, requestProblem, requestProperties, USUAL_TIMEOUT_MS } from './request.ts';
import type { Why } from './why.ts';

/** How long after a look that found a site down the second one is made, in milliseconds. */
const SECOND_LOOK_AFTER_MS = 1_000;
/** How much of a task's time is left for what is around its looks, in milliseconds. */
const MARGIN_MS = 250;

const payload = Type.Object(
  { ...requestProperties, expect: Type.Optional(expectation) },
  { additionalProperties: false },
);
type CheckPayload = Static<typeof payload>;

/**
 * What a check answers. Times are in milliseconds, to the microsecond. The parts are of the last answer: each is null
 * where there was none, as of a connection that was kept, of an address without a name, or of plain http.
 */
export type CheckResult = {
  readonly status: number | null;
  /** The whole look that decided, redirects and body included. */
  readonly latency_ms: number;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  /** From when the request was sent until the headers of the answer had come. */
  readonly first_byte_ms: number | null;
  /** Whether the connection was kept from an earlier check. */
  readonly reused: boolean;
  readonly redirects: number;
  /** 2 where the first one found the site down. */
  readonly looks: 1 | 2;
} & (
  | {
      readonly up: true;
      /** Why the first look found it down, where there was a second. */
      readonly first_why?: Why;
    }
  | { readonly up: false; readonly why: Why; /** For people. */ readonly reason: string }
);

/** What a check is made with. */
export interface HttpCheckOptions {
  readonly client: HttpClient;
  readonly secondLookAfterMs?: number;
}

/**
 * Looks whether a site is up. That it is down is a result, when a second look a moment later, over a connection of its
 * own, says so too: the second look decides. A machine that can't ask has failed an attempt, and says nothing of the site.
 */
export function httpCheck({ client, secondLookAfterMs = SECOND_LOOK_AFTER_MS }: HttpCheckOptions): TaskType {
  return defineTaskType({
    name: 'http-check',
    aliases: ['url_checker'],
    description: 'Asks a URL, and answers whether it is up, how fast it was, and why it is down.',
    payload,
    problem: (given) => requestProblem(given),
    run: async (given, run) => {
      try {
        return { kind: 'succeeded', result: await checked(client, given, run, secondLookAfterMs) };
      } catch (error) {
        if (error instanceof NoLook) return noLook(error);
        throw error;
      }
    },
  });
}

async function checked(
  client: HttpClient,
  given: CheckPayload,
  { timeoutMs, signal }: TaskRun,
  pauseMs: number,
): Promise<CheckResult> {
  const { expect = {}, timeout_ms = USUAL_TIMEOUT_MS } = given;
  const request = requestOf(given, 'GET');
  const options = { timeoutMs: lookTimeoutMs(timeout_ms, timeoutMs, pauseMs), signal };
  const first = await look(client, request, expect, { ...options, fresh: false });
  if (first.fault === undefined) return resultOf(first, 1);
  await setTimeout(pauseMs, undefined, { signal });
  return resultOf(await look(client, request, expect, { ...options, fresh: true }), 2, first.fault.why);
}

/** How long one look may take, so that two of them and the pause fit into the time of the task. Pure. */
export function lookTimeoutMs(askedMs: number, taskMs: number, pauseMs: number): number {
  return Math.max(1, Math.min(askedMs, Math.floor((taskMs - pauseMs - MARGIN_MS) / 2)));
}

function resultOf(seen: Look, looks: 1 | 2, firstWhy?: Why): CheckResult {
  const { fault, status, latencyMs, connection, firstByteMs, reused, redirects } = seen;
  const measured = {
    status,
    latency_ms: rounded(latencyMs),
    dns_ms: rounded(connection.dnsMs),
    connect_ms: rounded(connection.connectMs),
    tls_ms: rounded(connection.tlsMs),
    first_byte_ms: rounded(firstByteMs),
    ...{ reused, redirects, looks },
  };
  if (fault !== undefined) return { up: false, ...fault, ...measured };
  return firstWhy === undefined ? { up: true, ...measured } : { up: true, ...measured, first_why: firstWhy };
}

function rounded<T extends number | null>(ms: T): T {
  return (ms === null ? null : Math.round(ms * 1_000) / 1_000) as T;
}

function noLook({ message }: NoLook): HandlerOutcome {
  return { kind: 'retry', error: { code: 'no-look', message } };
}
