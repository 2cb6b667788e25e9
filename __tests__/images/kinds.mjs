/**
 * Compares decodeImage with Pillow on all that goldens/image_kinds.py has made: node __tests__/images/kinds.mjs FOLDER
 * Prints what differs, then the counts of each format. A file is right when it has Pillow's pixels or is refused; a
 * JPEG in four colours may be a grey level off.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeImage } from '../../dist/images/index.js';

const folder = process.argv[2];
const show = process.argv.includes('--all');
const expected = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8'));
const counts = {};
for (const [name, pillow] of Object.entries(expected)) {
  const family = name.split('-')[0];
  const count = (counts[family] ??= { equal: 0, near: 0, refused: 0, refusedByBoth: 0, ours: 0, wrong: 0 });
  const outcome = await compare(name, pillow);
  count[outcome.kind]++;
  if (show || ['wrong', 'ours', 'near'].includes(outcome.kind)) console.log(outcome.kind, name, outcome.text);
}
console.table(counts);
console.log(
  'equal: Pillow’s pixels; near: a grey level off; refused: by us alone; ours: read by us alone; wrong: other pixels',
);

async function compare(name, pillow) {
  let image;
  try {
    image = await decodeImage({ name, file: path.join(folder, name) });
  } catch (error) {
    const text = error.message.replace(/, or leave such.*/, '');
    if (!/^(Bad image|Expected) '/.test(text)) return { kind: 'wrong', text: error.stack };
    return { kind: pillow.error ? 'refusedByBoth' : 'refused', text: `${text} | ${pillow.error ?? 'read by Pillow'}` };
  }
  if (pillow.error) return { kind: 'ours', text: pillow.error };
  const size = `${image.width} x ${image.height} of ${pillow.width} x ${pillow.height}`;
  if (image.width !== pillow.width || image.height !== pillow.height) return { kind: 'wrong', text: size };
  const file = path.join(folder, `${name}.rgb`);
  if (!existsSync(file)) throw new Error(`no ${file}`);
  const pixels = readFileSync(file);
  if (pixels.equals(image.data)) return { kind: 'equal', text: '' };
  let most = 0;
  let first = -1;
  let differing = 0;
  image.data.forEach((value, i) => {
    if (value !== pixels[i] && differing++ === 0) first = i;
    most = Math.max(most, Math.abs(value - pixels[i]));
  });
  const text = `${differing} of ${pixels.length} values differ, by up to ${most}; first at ${first}: ${image.data.slice(first, first + 3)} not ${pixels.subarray(first, first + 3).join()}`;
  return { kind: most <= 1 && /cmyk|ycck/i.test(name) ? 'near' : 'wrong', text };
}
