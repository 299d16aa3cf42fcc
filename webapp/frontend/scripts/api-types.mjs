/**
 * Writes src/api/schema.d.ts: the types of what the API takes and gives, from the OpenAPI document of the code beside us.
 * With `--check` it writes nothing and fails when the file is not what it would write.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const target = fileURLToPath(new URL("../src/api/schema.d.ts", import.meta.url));
const python = process.env.WEIR_PYTHON ?? `${root}.venv/bin/python`;

const document = JSON.parse(
  execFileSync(python, ["-m", "webapp.schema_page"], { cwd: root, encoding: "utf8", maxBuffer: 16 * 1024 * 1024 }),
);
// Only what is sent and answered: the routes themselves would be twenty thousand lines of refusals.
document.paths = {};
const text = `// Made by \`npm run api\`; not to be edited.\n\n${astToString(await openapiTS(document))}`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/api/schema.d.ts is not of this code: run `npm run api` in webapp/frontend, and commit it");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
