export { DEFAULT_SYSTEMS, type System } from '@esteira/orders/settings';
export * from './all.ts';
export * from './app.ts';
