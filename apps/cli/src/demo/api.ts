import type { ApiKey } from '@esteira/config';
import { jsonAnswer } from '@esteira/http/json-answer';
import { operatorHeaders } from '../operator.ts';
import { Refused } from '../refused.ts';
import type { ImportBody } from './orders.ts';

/** What an import answers, as far as the demo needs it. */
interface ImportAnswer {
  readonly imported: number;
  readonly refused: { readonly count: number };
}

/** The API of one system, as the demo uses it. */
export interface OrdersApi {
  readonly system: string;
  importOrders(body: ImportBody): Promise<ImportAnswer>;
  /** Starts publishing; a run that is under way already does as well. */
  run(): Promise<void>;
}

/** The longest an import may take, in milliseconds. */
const IMPORT_MS = 240_000;
const ANSWER_MS = 30_000;

/**
 * Speaks to the API of a system on this machine, as the first operator where there are keys. Problems become
 * {@link Refused}, with the API's own words.
 */
export function ordersApi(system: string, port: number, keys: readonly ApiKey[]): OrdersApi {
  const authorization = operatorHeaders(keys);
  const base = `http://127.0.0.1:${port}/v0`;
  const post = async (path: string, timeoutMs: number, headers: Record<string, string>, body: string) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { ...authorization, ...headers },
      body,
      signal,
    });
    return { status: response.status, answer: await jsonAnswer<object>(response, `The API of ${system}`) };
  };
  const refused = (what: string, answer: unknown) => {
    const { title = '', detail = '' } = answer as { title?: string; detail?: string };
    return new Refused(`The API of ${system} at ${base} refused to ${what}: ${detail || title}`);
  };
  return {
    system,
    importOrders: async ({ text, idempotencyKey }) => {
      const headers = { 'content-type': 'text/csv', 'idempotency-key': idempotencyKey };
      const { status, answer } = await post('/orders/import?created_at=ordered_at', IMPORT_MS, headers, text);
      if (status !== 201) throw refused('import the orders', answer);
      return answer as ImportAnswer;
    },
    run: async () => {
      const { status, answer } = await post('/process/run', ANSWER_MS, { 'content-type': 'application/json' }, '{}');
      const isRunning = status === 409 && (answer as { code?: string }).code === 'already-running';
      if (status === 202 || isRunning) return;
      const problem = refused('publish', answer);
      // What a server can't do right now is tried again; what the API refuses needs a person.
      throw status >= 500 ? new Error(problem.message) : problem;
    },
  };
}
