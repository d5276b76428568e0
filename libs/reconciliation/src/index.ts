export * from './classify.ts';
export * from './join.ts';
export * from './reconcile.ts';
export * from './report.ts';
export * from './republish.ts';
export * from './rows.ts';
