export * from './endput.ts';
export type { OwnColumns, OwnTable } from './own-table.ts';
export * from './systems.ts';
export * from './verifier.ts';
