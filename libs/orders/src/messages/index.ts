export * from './hit.ts';
export * from './search.ts';
