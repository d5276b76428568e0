import createClient from 'openapi-fetch';
import type { paths } from './openapi.ts';
import { problemOf, unreachable } from './problem.ts';

/** The console's API, typed by its own OpenAPI document. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // A form of another site can't send this header: with it the server takes what changes something.
  headers: { 'x-requested-with': 'esteira' },
});

interface Answer<Data> {
  readonly data?: Data | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of a 2xx answer. Rejects with a `Problem` for everything else. */
export async function answerOf<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const answer = await asked.catch((error: unknown) => {
    // An aborted request is nobody's fault and must stay what it is: the query's own doing.
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  });
  const { data, error, response } = answer;
  if (!response.ok) throw problemOf(response.status, error, response.headers.get('retry-after'));
  return data as Data;
}
