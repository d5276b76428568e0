export * from './facts.ts';
export * from './hit.ts';
export * from './life.ts';
export * from './search.ts';
