// Builds the interface into dist/, which is committed and embedded in the binary: output must not depend on time or machine.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Writes src/early.ts as a script of its own in front of the interface: it runs while that is still being fetched and read. */
function earlyScript(): Plugin {
  return {
    name: "early-script",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) => {
        const early = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.isEntry && file.name === "early");
        if (!early) throw new Error("the early script was not built");
        return [{ tag: "script", attrs: { type: "module", crossorigin: true, src: `/${early.fileName}` }, injectTo: "head-prepend" }];
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), earlyScript()],
  // The server replaces this word in index.html with a fresh nonce for each response.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
    rollupOptions: {
      input: { index: "index.html", early: "src/early.ts" },
      // What most views need is one file: left alone it is dozens of small ones, each with its own headers and a worse compression.
      output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 12 }] } },
    },
  },
  server: {
    proxy: { "/api": { target: process.env["SALESBRAIN_SERVER"] ?? "http://127.0.0.1:4100", ws: true } },
  },
});
