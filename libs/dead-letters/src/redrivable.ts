import { identityProblem, invalid, type Failure, type Identity, type Pipeline } from '@esteira/pipeline';
import type { AtRestView } from './at-rest.ts';

/** What the core must know of a pipeline to send its dead letters again. */
export interface Redrivable {
  readonly pipeline: Pipeline;
  /** What its store shows of what is stored. */
  readonly atRest: AtRestView;
  /** Reads a body as the pipeline's consumer will: who it is, or why it would be dead again at once. Pure. */
  readonly readBody: (body: Uint8Array) => Identity | { readonly problem: Failure };
}

/** Who a body is, as a consumer takes it, or why none would. Pure. */
export function readIdentity({ readBody }: Redrivable, body: Uint8Array): Identity | { readonly problem: Failure } {
  const identity = readBody(body);
  if ('problem' in identity) return identity;
  const problem = identityProblem(identity);
  return problem === undefined ? identity : { problem: invalid('identity', problem) };
}
