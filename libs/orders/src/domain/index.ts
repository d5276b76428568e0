export * from './attempts-required.ts';
export * from './incarnation.ts';
export * from './message-id.ts';
export * from './order-message.ts';
export * from './order.ts';
export * from './read-body.ts';
export * from './verifier.ts';
