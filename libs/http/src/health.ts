import { Type } from 'typebox';
import type { App } from './app-type.ts';
import { notReady } from './common-problems.ts';
import { problemResponses } from './problem-responses.ts';

/** Asks a dependency something that it can only answer when it can be used; rejects otherwise. */
export type Check = () => Promise<unknown>;

/** Checks by the name of what they ask, for example `postgres`. */
export type Checks = Readonly<Record<string, Check>>;

/** The longest a check may take, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

const checkResult = Type.Object({
  ok: Type.Boolean(),
  duration_ms: Type.Integer({ minimum: 0 }),
  error: Type.Optional(Type.String()),
});

const readiness = Type.Object({
  status: Type.Literal('ready'),
  checks: Type.Record(Type.String(), checkResult),
});

interface CheckResult {
  ok: boolean;
  duration_ms: number;
  error?: string;
}

/** Asks all at once, each for `timeoutMs` milliseconds at most. Never rejects. */
export async function runChecks(checks: Checks, timeoutMs = CHECK_TIMEOUT_MS): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await runCheck(check, timeoutMs)] as const),
  );
  return Object.fromEntries(results);
}

/** What a promise gives, or a rejection after `timeoutMs` milliseconds. What was asked is not taken back. */
export async function within<T>(timeoutMs: number, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runCheck(check: Check, timeoutMs: number): Promise<CheckResult> {
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  try {
    await within(timeoutMs, check());
    return { ok: true, duration_ms: took() };
  } catch (error) {
    return { ok: false, duration_ms: took(), error: error instanceof Error ? explained(error) : String(error) };
  }
}

/** A connection refused on every address of a name has an empty message and the causes inside. */
function explained(error: Error): string {
  if (error.message !== '') return error.message;
  const inner = error instanceof AggregateError ? error.errors.map(String).join('; ') : '';
  return inner === '' ? error.name : inner;
}

/** `/health/live`: the process answers. `/health/ready`: what it needs answers too. Open: supervisors have no key. */
export function addHealthRoutes(app: App, checks: Checks): void {
  app.get('/health/live', {
    config: { access: 'open' },
    schema: {
      operationId: 'live',
      tags: ['health'],
      summary: 'Whether the process runs',
      description: 'Answers as long as the process does, whatever else is down.',
      response: {
        200: Type.Object({
          status: Type.Literal('live'),
          pid: Type.Integer({ description: 'Tells whether it is this process that answers at this port.' }),
        }),
      },
    },
    handler: () => ({ status: 'live' as const, pid: process.pid }),
  });
  app.get('/health/ready', {
    config: { access: 'open' },
    schema: {
      operationId: 'ready',
      tags: ['health'],
      summary: 'Whether the service can do its work',
      description: 'Asks each server that the service needs, for two seconds at most, and says which is down.',
      response: { 200: readiness, ...problemResponses(notReady) },
    },
    handler: async () => {
      const results = await runChecks(checks);
      const down = Object.entries(results).filter(([, { ok }]) => !ok);
      if (down.length === 0) return { status: 'ready' as const, checks: results };
      const why = down.map(([name, { error }]) => `${name} (${error ?? 'down'})`).join(', ');
      throw notReady(`Can't be used: ${why}.`, { checks: results });
    },
  });
}
