import { defineConfig } from 'vitest/config';
import all from './vitest.config.ts';

/** What properties and simulation together reach of the pure code, branch by branch: `npm run coverage`. */
export default defineConfig({
  test: {
    ...all.test,
    include: ['test/{cells,events,identity,projections,rules,world}/**/*.test.ts'],
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['src/decide/**/*.ts', 'projections/**/*.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { 'src/decide/**': { branches: 95 }, 'projections/**': { branches: 95 } },
    },
  },
});
