import { Compile, Meta } from 'typebox/schema';
import { inWords } from '../payload-problem.ts';

/** Why this is no JSON Schema (2020-12); undefined where it is one. Pure. */
export function schemaProblem(schema: object): string | undefined {
  const validator = Compile(Meta['https://json-schema.org/draft/2020-12/schema']);
  if (!validator.Check(schema)) {
    const { pointer, message } = inWords(validator.Errors(schema)[1]);
    return `at "${pointer}" it ${message}`;
  }
  try {
    Compile(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error); // A pattern that is none.
  }
}
