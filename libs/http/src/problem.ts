import createError from '@fastify/error';
import { Type } from 'typebox';

/** The content type of every error answer (RFC 9457). */
export const PROBLEM_JSON = 'application/problem+json';

/** The body of every error answer. `code` is stable: programs decide by it. Further members depend on the code. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'A URN made from the code.' }),
    title: Type.String({ description: 'What the code means, for people.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'Stable; programs decide by it.' }),
    detail: Type.String({ description: 'What happened, to what, and what to do.' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'JSON pointer (RFC 6901) to the value that is wrong.' }),
          in: Type.Enum(['body', 'querystring', 'params', 'headers'], { description: 'The part of the request.' }),
          detail: Type.String(),
        }),
        { description: 'Each mistake of the request that has a place in it; always with code `invalid-request`.' },
      ),
    ),
  },
  { $id: 'Problem', description: 'Problem details (RFC 9457).' },
);

/** Further members of a problem, for example the columns that were found. */
export type Extensions = Readonly<Record<string, unknown>>;

/** A mistake of a request, and its place in it. */
export interface Mistake {
  /** JSON pointer to the value; empty for the whole part. */
  readonly pointer: string;
  readonly in: 'body' | 'querystring' | 'params' | 'headers';
  readonly detail: string;
}

/** The members of a problem that says where its one mistake is. */
export function placed(part: Mistake['in'], pointer: string, detail: string): { errors: [Mistake] } {
  return { errors: [{ pointer, in: part, detail }] };
}

/** One kind of error: a stable code, the status it is answered with, and what it means. */
export interface ProblemKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** Answered as `Retry-After`, in seconds. */
  readonly retryAfterSeconds?: number;
}

/** An error that is answered as a problem. */
export interface ProblemError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly kind: ProblemKind;
  readonly extensions: Extensions;
}

/** Makes the errors of one kind, and carries its definition for the documentation. */
export type Problem = ProblemKind & ((detail: string, extensions?: Extensions) => ProblemError);

/** Declares a kind of error. `throw theKind('what happened, to what, what to do')` answers with it. */
export function defineProblem(kind: ProblemKind): Problem {
  const Failure = createError<[string]>(kind.code, '%s', kind.status);
  const make = (detail: string, extensions: Extensions = {}) =>
    Object.assign(new Failure(detail), { code: kind.code, statusCode: kind.status, kind, extensions });
  return Object.assign(make, kind);
}

/** Whether an error was made by a {@link Problem}. */
export function isProblem(error: unknown): error is ProblemError {
  return error instanceof Error && 'kind' in error && 'extensions' in error;
}

/** The answer's body. */
export function problemBody({ message, kind, extensions }: ProblemError): object {
  const { code, status, title } = kind;
  return { type: `urn:esteira:problem:${code}`, title, status, code, detail: message, ...extensions };
}
