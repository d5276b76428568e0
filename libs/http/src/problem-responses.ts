import { PROBLEM_JSON, type ProblemKind } from './problem.ts';

/** Problems of one status, as OpenAPI describes them: an example per code. */
export interface ProblemResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, object>>;
  readonly content: {
    readonly [PROBLEM_JSON]: { readonly schema: object; readonly examples: Readonly<Record<string, Example>> };
  };
}

/** By status. */
export type ProblemResponses = Readonly<Record<number, ProblemResponse>>;

interface Example {
  readonly summary: string;
  readonly value: object;
}

/** What a route may be refused with, for its schema. */
export function problemResponses(...kinds: readonly ProblemKind[]): ProblemResponses {
  const byStatus = Map.groupBy(kinds, ({ status }) => status);
  return Object.fromEntries([...byStatus].map(([status, list]) => [status, problemResponse(list)]));
}

/** What a route says itself, and what is said of it besides. */
export function joinedResponses(own: ProblemResponses, further: ProblemResponses): ProblemResponses {
  const joined = Object.entries(further).map(([status, response]): [string, ProblemResponse] => {
    const known = own[Number(status)];
    if (known === undefined) return [status, response];
    const examples = { ...examplesOf(known), ...examplesOf(response) };
    return [status, responseOf(examples, { ...known.headers, ...response.headers })];
  });
  return { ...own, ...Object.fromEntries(joined) };
}

const examplesOf = ({ content }: ProblemResponse) => content[PROBLEM_JSON].examples;

function problemResponse(kinds: readonly ProblemKind[]): ProblemResponse {
  const examples = kinds.map(({ code, status, title }): [string, Example] => [
    code,
    { summary: title, value: { type: `urn:esteira:problem:${code}`, title, status, code, detail: title } },
  ]);
  const retry = kinds.some(({ retryAfterSeconds }) => retryAfterSeconds !== undefined);
  return responseOf(Object.fromEntries(examples), retry ? RETRY_AFTER : {});
}

function responseOf(examples: Readonly<Record<string, Example>>, headers: ProblemResponse['headers']): ProblemResponse {
  const codes = Object.entries(examples).map(([code, { summary }]) => `\`${code}\`: ${summary}`);
  return {
    description: codes.join('\n\n'),
    headers,
    content: { [PROBLEM_JSON]: { schema: { $ref: 'Problem#' }, examples } },
  };
}

const RETRY_AFTER = {
  'Retry-After': { type: 'integer', minimum: 1, description: 'When to ask again, in seconds.' },
};
