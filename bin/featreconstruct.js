#!/usr/bin/env node
// The command line as npm links it. It stands in the clone before anything is built: npx remembers a link that leads
// nowhere, and would not find the command after the build either.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  console.error('Expected a built library, found no dist/cli/main.js: run `npm run build` in this clone first.');
  process.exitCode = 1;
}
