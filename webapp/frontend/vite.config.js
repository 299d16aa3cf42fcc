import { defineConfig } from "vite";

import { ahead } from "./scripts/ahead.mjs";
import { budget } from "./scripts/budget.mjs";

const EVERYWHERE = /\/node_modules\/(react|react-dom|scheduler|@tanstack\/(react-query|query-core))\/|\/src\/(i18n\/(?!problems\.de)|ui\/|api\/)/;

// The web role serves `webapp/static` under /static/ (index.html itself at the paths of pages), all of it with
// `script-src 'self'`: nothing may be inlined.
export default defineConfig({
  base: "/static/",
  plugins: [
    budget({ page: "/LOGIN", modules: ["/watch/WatchPage.tsx", "/chat/ChatPanel.tsx"], maxBytes: 150 * 1024 }),
    budget({
      page: "/dashboard/LOGIN/stream",
      modules: ["/dashboard/DashboardPage.tsx", "/dashboard/stream/StreamPage.tsx"],
      maxBytes: 180 * 1024,
    }),
    ahead({ fileName: "watch.html", modules: ["/watch/WatchPage.tsx", "/hls.js/dist/hls.mjs"] }),
  ],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700, // hls.js, loaded on watch pages only
    // "use client" says nothing to a page that has no server half.
    rolldownOptions: {
      checks: { pluginTimings: false },
      onwarn: (warning, warn) => warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning),
      // What every page needs is one file: a dozen small ones are a dozen requests, and compress worse by three per cent.
      output: { codeSplitting: { groups: [{ name: "base", test: EVERYWHERE }] } },
    },
  },
});
