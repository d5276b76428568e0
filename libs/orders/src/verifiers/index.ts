export * from './http.ts';
export * from './module.ts';
export * from './retry-policy.ts';
export * from './simulated.ts';
export type { VerifyContext, VerifyOrder } from './module-protocol.ts';
export { ModuleUnloadable } from './verifier-thread.ts';
