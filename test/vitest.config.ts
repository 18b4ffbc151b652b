import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Commands of agents run in login shells: what the tester's own start-up files do would be tested, too, and waited for. */
const home = join(tmpdir(), 'holdfast-test-home');
mkdirSync(home, { recursive: true });

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    env: { HOME: home },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
