import { defineConfig } from 'vitest/config';

/** `make test-drill`: whether the drill notices what is made wrong. Apart from the suite: it takes minutes. */
export default defineConfig({
  test: { include: ['drill/sabotage/*.test.ts'], reporters: ['verbose'], teardownTimeout: 60_000 },
});
