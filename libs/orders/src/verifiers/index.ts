export * from './http.ts';
export type { VerifyContext, VerifyOrder } from './module-protocol.ts';
export * from './module.ts';
export * from './simulated.ts';
export { ModuleUnloadable } from './verifier-thread.ts';
