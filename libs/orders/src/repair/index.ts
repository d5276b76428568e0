export * from './jobs.ts';
export * from './redrivable.ts';
