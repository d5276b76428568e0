export * from './jobs.ts';
export * from './redrivable.ts';
export * from './tidy.ts';
