export { askedBy } from './actions.ts';
export type { Asked } from './actions.ts';
export type { RelayApi } from './api.ts';
export { buildRelayApi } from './app.ts';
export { classifyFault } from './faults.ts';
export { startRelayApi } from './start.ts';
export type { StartedApi, StartOptions } from './start.ts';
