export type { ApiKey } from './api-keys.ts';
export * from './document.ts';
export * from './exit.ts';
export type { OwnColumns, OwnTable } from './own-table.ts';
export * from './schema.ts';
export * from './settings.ts';
export { urlProblems } from './urls.ts';
