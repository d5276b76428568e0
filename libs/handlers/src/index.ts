export { httpHandler } from './http.ts';
export type { HttpHandlerOptions } from './http.ts';
export { openModuleHandler } from './module.ts';
export type { ModuleHandlerOptions } from './module.ts';
export { ModuleUnloadable } from './module-thread.ts';
export { retryPolicy } from './retry-policy.ts';
