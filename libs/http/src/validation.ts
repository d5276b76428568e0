import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { TSchema } from 'typebox';
import { Pointer } from 'typebox/value';

/**
 * Validates requests: bodies as they are; texts of a URL or a header as the types that are asked for. A schema with a
 * `title` says with it what is wanted, `a message id (a UUID, lower case)`; whatever is wrong with a value, that is told.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = (route) => {
  const validate = TypeBoxValidatorCompiler(route);
  return (value) => {
    const answer = validate(value) as { readonly value?: unknown; readonly error?: FastifySchemaValidationError[] };
    return answer.error === undefined ? answer : { error: inWords(answer.error, route.schema) };
  };
};

/** For a route whose body is a stream: the schema of its body is for people. */
export const validateAllButBody: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? () => true : validatorCompiler(route);

/** What a schema may say of one value, beside what is said of members. */
const OF_MEMBERS = ['additionalProperties', 'boolean', 'required'];

/** The same mistakes in the words of the schemas; of many in one value with a title, the first. Pure. */
function inWords(mistakes: readonly FastifySchemaValidationError[], schema: TSchema): FastifySchemaValidationError[] {
  const told = new Set<string>();
  return mistakes.flatMap((mistake) => {
    const { keyword, schemaPath, instancePath } = mistake;
    const { title, examples } = (Pointer.Get(schema, schemaPath.replace(/^#/, '')) ?? {}) as TSchema & Annotations;
    if (title !== undefined && !OF_MEMBERS.includes(keyword)) {
      if (told.has(instancePath)) return [];
      told.add(instancePath);
      return [{ ...mistake, keyword: 'title', message: `is not ${title}`, params: {} }];
    }
    // A pattern is for programs.
    if (keyword !== 'pattern') return [mistake];
    const like = examples?.[0] === undefined ? 'as GET /docs describes it' : `like ${examples[0]}`;
    return [{ ...mistake, message: `is not written ${like}` }];
  });
}

interface Annotations {
  readonly title?: string;
  /** Of a text: only texts have patterns. */
  readonly examples?: readonly string[];
}
