export { httpHandler } from './http.ts';
export type { HttpHandlerOptions } from './http.ts';
export { outcomeOfAnswer } from './http-answer.ts';
export type { HttpAnswer } from './http-answer.ts';
export { openModuleHandler } from './module.ts';
export type { ModuleHandlerOptions } from './module.ts';
export { ModuleUnloadable } from './module-thread.ts';
export { retryPolicy } from './retry-policy.ts';
