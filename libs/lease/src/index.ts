export * from './keep.ts';
export * from './lease.ts';
export * from './postgres.ts';
export * from './redis.ts';
export * from './repeatedly.ts';
