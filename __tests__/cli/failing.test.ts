import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { failingCommands, wrongIn, writeFixtures } from './failing.js';
import { temporaryFolder } from './support.js';

/** Those of the failing commands that are told apart quickly, twice each; `npm run verify` runs all of them ten times. */

const folder = temporaryFolder();
beforeAll(() => writeFixtures(folder));

test.each(failingCommands(folder).filter(({ quick }) => quick))('$name', async (failing) => {
  const out = await Promise.all(
    [1, 2].map(async (run) => {
      const place = path.join(folder, 'out', `${failing.name.replace(/\W+/g, '-')}-${run}`);
      await mkdir(place, { recursive: true });
      return wrongIn(failing, await failing.start(place), place);
    }),
  );
  expect(out).toEqual([null, null]);
});
