// Other ways to run the installed package: Deno, Bun, and bundled by esbuild. Each where npm carries it for this machine.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A BMP of 24 bits, of slopes. */
function bmp(seed) {
  const [side, row] = [24, 72];
  const bytes = Buffer.alloc(54 + row * side);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(side, 18);
  bytes.writeInt32LE(side, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 0; y < side; y++) for (let i = 0; i < row; i++) bytes[54 + y * row + i] = (seed * i + 5 * y) % 256;
  return bytes;
}

// Images are decoded in threads, which is where runtimes and bundlers differ.
const program = `
import { applyLinearMap, evaluateAgreement, extractFeatures, fitLinearMap, loadModel } from 'featreconstruct';
const model = await loadModel('node_modules/featreconstruct/onnx/demo/demo_convnext.onnx');
const { logits, features } = await extractFeatures(model, 'folder:images', { transform: 'imagenet' });
const map = await fitLinearMap(logits, features);
const { agreement } = await evaluateAgreement(model.head, await applyLinearMap(map, logits), logits);
await model.release();
console.log(logits.shape[0] + ' images, agreement ' + agreement);
`;
const expected = '40 images, agreement 1';

/** @returns what was tried, in words */
export function tryRuntimes(folder) {
  mkdirSync(join(folder, 'images'));
  for (let i = 0; i < 40; i++) writeFileSync(join(folder, 'images', `${i}.bmp`), bmp(i + 1));
  writeFileSync(join(folder, 'runtime.mjs'), program);
  const npm = (...packages) => {
    const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...packages];
    return spawnSync('npm', args, { cwd: folder, encoding: 'utf8' }).status === 0;
  };
  if (!npm('deno', 'bun', 'esbuild')) return 'Deno, Bun and esbuild not tried: npm does not carry them here';
  const platform = `${process.platform}-${process.arch}`;
  const ended = (name, command, args) => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
    });
    if (error?.code === 'ENOENT') return `${name} not tried: npm has none for ${platform}`;
    if (status === 0 && stdout.trim() === expected) return `${name} works`;
    throw new Error(`${name} ended with ${status ?? error}: ${stdout}${stderr}`);
  };
  const libc = process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
  const deno = `node_modules/@deno/${platform}${process.platform === 'linux' ? `-${libc}` : ''}/deno`;
  const bun = `node_modules/@oven/bun-${platform}/bin/bun`;
  const bundle = ['--bundle', '--platform=node', '--format=esm', '--packages=external', '--outfile=bundled.mjs'];
  const bundled = spawnSync('node_modules/.bin/esbuild', ['runtime.mjs', ...bundle], { cwd: folder, encoding: 'utf8' });
  if (bundled.status !== 0) throw new Error(`esbuild ended with ${bundled.status}: ${bundled.stderr}`);
  return [
    ended('Deno', join(folder, deno), ['run', '-A', 'runtime.mjs']),
    ended('Bun', join(folder, bun), ['runtime.mjs']),
    ended('a bundle of esbuild', process.execPath, ['bundled.mjs']),
  ].join(', ');
}
