export * from './pipelines/open.ts';
export { orders } from './pipelines/orders/open.ts';
export * from './pipelines/pipeline.ts';
export * from './start.ts';
