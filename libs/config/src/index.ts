export * from './access.ts';
export type { ApiKey } from './api-keys.ts';
export * from './attempts.ts';
export * from './compose.ts';
export * from './document.ts';
export * from './exit.ts';
export * from './part.ts';
export * from './running.ts';
export * from './urls.ts';
