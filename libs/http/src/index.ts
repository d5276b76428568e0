export type { App } from './app-type.ts';
export * from './app.ts';
export * from './common-problems.ts';
export { problemResponses, type ApiInfo } from './documentation.ts';
export type { Classify } from './errors.ts';
export { runChecks, within, type Check, type Checks } from './health.ts';
export * from './problem.ts';
export { validateAllButBody } from './validation.ts';
