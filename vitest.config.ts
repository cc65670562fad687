import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  test: { include: ['test/unit/**/*.test.ts', 'test/contract/**/*.test.ts'], environment: 'node' },
});
