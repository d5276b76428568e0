import type { paths } from './openapi.ts';

type Method = 'get' | 'post' | 'put' | 'delete';
type JsonOf<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;
type Good<Responses> = JsonOf<Responses[Extract<keyof Responses, 200 | 201 | 202>]>;

/** What a path answers when all is well. */
export type Answer<Path extends keyof paths, Verb extends Method = 'get'> =
  paths[Path] extends Record<Verb, { responses: infer Responses }> ? Good<Responses> : never;

/** What a path takes as its body. */
export type Body<Path extends keyof paths, Verb extends Method = 'post'> =
  paths[Path] extends Record<Verb, { requestBody?: infer Request }> ? JsonOf<NonNullable<Request>> : never;

/** What a path takes as its query. */
export type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Asked } } }
  ? NonNullable<Asked>
  : never;

export type Overview = Answer<'/v0/pipelines/{pipeline}/overview'>;
export type System = Overview['systems'][number];
export type Point = Answer<'/v0/pipelines/{pipeline}/overview/history'>['points'][number];
