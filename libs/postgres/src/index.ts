export { PostgresSilent } from './answer.ts';
export * from './away.ts';
export * from './bisect.ts';
export { SessionUnfit } from './establish.ts';
export * from './iso-time.ts';
export * from './migrate.ts';
export * from './pool.ts';
export * from './quote.ts';
export * from './sql-state.ts';
