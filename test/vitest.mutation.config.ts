import { defineConfig } from 'vitest/config';
import all from './vitest.config.ts';

/** The tests that judge the pure code and take milliseconds each: a mutant is held against those of them that reach it. */
export default defineConfig({
  test: {
    ...all.test,
    include: ['test/{rules,projections}/**/*.test.ts', 'test/world/{found,crashes}.test.ts'],
    maxWorkers: 1,
  },
});
