import { defineConfig } from "vite";

// The web role serves `webapp/static` under /static/ (index.html itself at / and /LOGIN), all of it with `script-src 'self'`:
// nothing may be inlined.
export default defineConfig({
  base: "/static/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // hls.js, loaded on watch pages only
  },
});
