/**
 * For `vi.waitFor`: how long a test waits for what must come, in milliseconds. It ends a test that would wait for good,
 * and claims nothing about speed: a busy machine may take all of it.
 */
export const patient = { timeout: 180_000, interval: 20 } as const;
