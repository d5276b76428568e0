export * from './jobs.ts';
export * from './tidy.ts';
