import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decodeImage } from '../../lib/images/index.js';
import { coded } from '../support/coded.js';
import { fixtures } from './pattern.js';

interface Kind {
  /** What is to come of it: `equal`, or what the refusal says. */
  ours: string;
  pillow: { width: number; height: number; sha: string } | { error: string };
  /** The file, base64. */
  bytes: string;
}

/** A choice of what goldens/image_kinds.py makes; kinds.mjs compares all of it. */
const kinds = JSON.parse(gunzipSync(readFileSync(new URL('kinds.json.gz', fixtures))).toString()) as Record<
  string,
  Kind
>;

const decode = (name: string) => decodeImage({ name, file: Buffer.from(kinds[name].bytes, 'base64') });
const families = ['tiff', 'bmp', 'gif', 'png', 'jpeg', 'webp', 'pnm'];

test.each(families)('%s: the pixels of Pillow, whatever the kind', async (family) => {
  const names = Object.keys(kinds).filter((name) => name.startsWith(`${family}-`) && kinds[name].ours === 'equal');
  expect(names.length).toBeGreaterThan(20);
  const found: Record<string, unknown> = {};
  for (const name of names) {
    found[name] = await decode(name).then(
      ({ width, height, data }) => ({ width, height, sha: createHash('sha256').update(data).digest('hex') }),
      (error: Error) => error.message,
    );
  }
  expect(found).toEqual(Object.fromEntries(names.map((name) => [name, kinds[name].pillow])));
});

test.each(families)('%s: what is not read is refused by its name', async (family) => {
  const names = Object.keys(kinds).filter((name) => name.startsWith(`${family}-`) && kinds[name].ours !== 'equal');
  expect(names.length).toBeGreaterThan(4);
  for (const name of names) {
    await expect(decode(name)).rejects.toThrow(coded('bad-image', `'${name}'`));
    await expect(decode(name)).rejects.toThrow(kinds[name].ours);
  }
});
