export * from './reconcile.ts';
export * from './republish.ts';
