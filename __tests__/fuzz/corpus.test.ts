import path from 'node:path';
import { fault } from './outcome.mjs';
import { readers } from './readers.mjs';
import { filesOf } from './seeds.mjs';

// What a fuzzer found, and what it begins with: `node __tests__/fuzz/fuzz.mjs` looks for more.
test.each(Object.keys(readers))('%s: each file is read, or refused in a sentence, in time', async (name) => {
  const faults: string[] = [];
  for (const file of filesOf(name)) {
    const begun = performance.now();
    const error = await fault(readers[name], file);
    const seconds = Math.round((performance.now() - begun) / 1000);
    if (error || seconds > 10) faults.push(`${path.basename(file)}: ${error ? String(error) : `${seconds} s`}`);
  }
  expect(faults).toEqual([]);
});
