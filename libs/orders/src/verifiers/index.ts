export * from './http.ts';
export * from './simulated.ts';
