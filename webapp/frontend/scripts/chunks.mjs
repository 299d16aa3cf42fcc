/** Which files of a build belong together. */

/**
 * The chunk that a module is in; undefined when it is in none.
 *
 * @param {import("rolldown").OutputBundle} bundle
 * @param {string} module end of the module's path
 */
export function chunkOf(bundle, module) {
  return Object.values(bundle).find((file) => file.type === "chunk" && file.moduleIds.some((id) => id.endsWith(module)));
}

/**
 * These chunks and all that they import, but nothing that they import later; each once.
 *
 * @param {import("rolldown").OutputBundle} bundle
 * @param {readonly import("rolldown").OutputChunk[]} chunks
 */
export function withImports(bundle, chunks) {
  const found = new Set();
  const add = (chunk) => {
    if (chunk !== undefined && !found.has(chunk)) {
      found.add(chunk);
      chunk.imports.forEach((name) => add(bundle[name]));
    }
  };
  chunks.forEach(add);
  return [...found];
}
