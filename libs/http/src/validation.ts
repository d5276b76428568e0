import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';

/** Validates requests: bodies as they are; texts of a URL or a header as the types that are asked for. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = TypeBoxValidatorCompiler;

/** For a route whose body is a stream: the schema of its body is for people. */
export const validateAllButBody: FastifySchemaCompiler<TSchema> = (route) =>
  route.httpPart === 'body' ? () => true : TypeBoxValidatorCompiler(route);
