import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    // Lab's modules import one another and style sheets as a bundler would have it, not as Node would.
    server: {
      deps: { inline: [/@jupyter/, /@jupyterlab/, /@lumino/, /@microsoft/] }
    }
  }
});
