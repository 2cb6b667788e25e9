import { spawnSync } from 'node:child_process';
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

// Jest keeps a process alive in which an error that nobody heard would end Node's own.
test.each(['parquet log', 'parquet images'])('%s: a damaged file does not end the process', (name) => {
  const [outcome, all] = ['outcome', 'readers'].map((file) => path.resolve(`__tests__/fuzz/${file}.mjs`));
  const damaged = filesOf(name).filter((file) => file.includes('corpus'));
  const script = `
    import { fault } from ${JSON.stringify(outcome)};
    import { readers } from ${JSON.stringify(all)};
    for (const file of ${JSON.stringify(damaged)}) await fault(readers[${JSON.stringify(name)}], file);
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.log('alive');`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(damaged.length).toBeGreaterThan(1);
  expect([status, stdout]).toEqual([0, 'alive\n']);
});
