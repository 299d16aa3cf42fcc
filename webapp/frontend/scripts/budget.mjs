/** The build fails when a page loads more script than it may: so that it is noticed when it happens, not by viewers. */

import { gzipSync } from "node:zlib";

import { chunkOf, withImports } from "./chunks.mjs";

/**
 * A plugin that adds up, compressed, what the browser loads for a page: the entry, these modules, and all that they import;
 * but nothing else that is imported later (the player's engine, dialogs).
 *
 * @param {{ page: string, modules: readonly string[], maxBytes: number }} options
 * @returns {import("vite").Plugin}
 */
export function budget({ page, modules, maxBytes }) {
  return {
    name: "weir-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const entries = Object.values(bundle).filter((file) => file.type === "chunk" && file.isEntry);
      const holders = modules.map(
        (module) =>
          chunkOf(bundle, module) ??
          this.error(`${module}, of which the size of the page ${page} is made up, is not in the build`),
      );
      const chunks = withImports(bundle, [...entries, ...holders]);
      const sizes = chunks.map(({ fileName, code }) => [fileName, gzipSync(code, { level: 9 }).length]);
      const total = sizes.reduce((sum, [, size]) => sum + size, 0);
      const text = `${page}: ${kib(total)} of ${kib(maxBytes)} KiB of compressed script`;
      if (total > maxBytes) {
        this.error(`${text}: ${sizes.map(([name, size]) => `${name} ${kib(size)}`).join(", ")}`);
      }
      console.log(text);
    },
  };
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}
