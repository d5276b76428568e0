import { identityProblem, invalid, typeOf, type Failure, type Identity, type Pipeline } from '@esteira/pipeline';
import type { AtRestView } from './at-rest.ts';

/** What the core must know of a pipeline to send its dead letters again. */
export interface Redrivable {
  readonly pipeline: Pipeline;
  /** What its store shows of what is stored. */
  readonly atRest: AtRestView;
  /** Reads a body of a type as the pipeline's consumer will: who it is, or why it would be dead again at once. Pure. */
  readonly readBody: (body: Uint8Array, type: string) => Identity | { readonly problem: Failure };
}

/**
 * Who the body of a dead letter is, as a consumer takes it, or why none would. It is read as of the type with which it
 * is sent again: that of the dead letter. Pure.
 */
export function readIdentity(
  { pipeline, readBody }: Redrivable,
  { body, type }: { readonly body: Uint8Array; readonly type: string | null },
): Identity | { readonly problem: Failure } {
  const identity = readBody(body, typeOf(pipeline, type).name);
  if ('problem' in identity) return identity;
  const problem = identityProblem(identity);
  return problem === undefined ? identity : { problem: invalid('identity', problem) };
}
