// tsc writes plain files; the command line has to be executable when a clone is linked.
import { chmodSync, existsSync } from 'node:fs';

const bin = new URL('../../dist/cli/main.js', import.meta.url);
if (existsSync(bin)) chmodSync(bin, 0o755);
