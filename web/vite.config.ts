import { createHash } from "node:crypto";
import { runnerImport, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

const WORKER = "sw";
const STATIC_FILES = ["icon.svg", "icon-192.png", "icon-512.png", "manifest.webmanifest"];

/** What is loaded when somebody opens it: not kept for a page without a network. */
const LATER = /^assets\/rooms-/;

/** What the shell worker says by itself, from the catalogues of the page. */
async function noticeWords(): Promise<string> {
  const { module } = await runnerImport<typeof import("./src/shell/notice_catalogue")>("./src/shell/notice_catalogue.ts");
  return JSON.stringify(module.NOTICE_CATALOGUE);
}

/** Tells the shell worker which files this build consists of. */
function shellFiles(): Plugin {
  return {
    name: "shell-files",
    generateBundle(_, bundle) {
      const names = Object.keys(bundle).filter((name) => name.startsWith("assets/") && !LATER.test(name));
      const files = JSON.stringify([...names, ...STATIC_FILES].sort());
      const version = createHash("sha256").update(files).digest("hex").slice(0, 12);
      for (const output of Object.values(bundle)) {
        if (output.type !== "chunk" || output.name !== WORKER) continue;
        output.code = output.code.replaceAll("__SHELL_FILES__", files).replaceAll("__SHELL_VERSION__", `"${version}"`);
      }
    },
  };
}

export default defineConfig(async () => ({
  base: "./", // the hub may stand behind a proxy, under a path of its own
  plugins: [shellFiles()],
  define: { __NOTICE_WORDS__: await noticeWords() },
  build: {
    outDir: "../src/aimonitor/hub/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's own policy should not need data: addresses
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", [WORKER]: "src/shell/worker.ts" },
      output: {
        entryFileNames: (chunk: { readonly name: string }) => (chunk.name === WORKER ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: {
    proxy: {
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
      "/api": "http://127.0.0.1:8000",
      "/health": "http://127.0.0.1:8000",
    },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
}));
