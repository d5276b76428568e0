export * from './facts.ts';
export * from './hit.ts';
export * from './life.ts';
export * from './page.ts';
export * from './search.ts';
export type { WordPlaces } from './words.ts';
