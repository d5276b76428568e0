export { CONTENT_FIELDS } from './content.ts';
export * from './last-attempts.ts';
export * from './reconcile.ts';
export * from './republish.ts';
