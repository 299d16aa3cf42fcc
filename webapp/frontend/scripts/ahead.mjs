/**
 * A page whose HTML names the scripts that its first script would ask for: a browser then fetches them at the same time, not one
 * round after the other.
 */

import { chunkOf, withImports } from "./chunks.mjs";

/**
 * A plugin that writes `fileName` beside `index.html`: the same page, with these modules, what they import, and their styles, asked
 * for ahead.
 *
 * @param {{ fileName: string, modules: readonly string[] }} options
 * @returns {import("vite").Plugin}
 */
export function ahead({ fileName, modules }) {
  return {
    name: `weir-ahead-${fileName}`,
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const page = bundle["index.html"];
        if (page === undefined) {
          this.error(`index.html, of which ${fileName} is made, is not in the build`);
        }
        const html = String(page.source);
        const chunks = modules.map((module) => chunkOf(bundle, module) ?? this.error(`${module} is not in the build`));
        const files = withImports(bundle, chunks).flatMap(({ fileName: script, viteMetadata }) => [
          ["modulepreload", script],
          ...[...viteMetadata.importedCss].map((style) => ['preload" as="style', style]),
        ]);
        const links = files
          .filter(([, name]) => !html.includes(`/${name}"`)) // asked for by every page
          .map(([kind, name]) => `    <link rel="${kind}" crossorigin href="/static/${name}">\n`);
        this.emitFile({ type: "asset", fileName, source: html.replace("  </head>", `${links.join("")}  </head>`) });
      },
    },
  };
}
