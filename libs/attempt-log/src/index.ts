export * from './attempt-document.ts';
export * from './attempt-log.ts';
export * from './attempt-search.ts';
export * from './mongodb-attempt-log.ts';
export { originOf } from './origin.ts';
export { AttemptLogUnusable } from './unusable.ts';
