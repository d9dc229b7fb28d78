// Builds the interface into dist/, which is committed and embedded in the binary: output must not depend on time or machine.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // The server replaces this word in index.html with a fresh nonce for each response.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
  server: {
    proxy: { "/api": { target: process.env["SALESBRAIN_SERVER"] ?? "http://127.0.0.1:4100", ws: true } },
  },
});
