import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    outDir: "../src/aimonitor/hub/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's CSP has no data: addresses
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: {
    proxy: {
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
      "/api": "http://127.0.0.1:8000",
      "/health": "http://127.0.0.1:8000",
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
