export * from './http.ts';
export * from './module.ts';
export * from './retry-policy.ts';
export * from './simulated.ts';
export { ModuleUnloadable } from '@esteira/handlers';
