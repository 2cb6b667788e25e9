// Packs the library, installs the tarball into an empty project, and uses it there as a stranger would.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { tryRuntimes } from './runtimes.mjs';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'featreconstruct-tarball-'));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  // Install scripts are off in this project, so packing does not build by itself; what was renamed must not be packed.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const unbuilt = spawnSync('node', ['bin/featreconstruct.js'], { cwd: root, encoding: 'utf8' });
  if (unbuilt.status !== 1 || !/run `npm run build`/.test(unbuilt.stderr))
    throw new Error(`The command of a clone that is not built does not say so: ${unbuilt.stderr}`);
  run('npm', ['run', 'build'], root);
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root));
  const tarball = join(folder, filename);
  const size = statSync(tarball).size;
  const stray = files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(assets|bin|dist|docs|examples|onnx\/(demo|graphs))\/|^(package\.json|(onnx\/|bench\/)?README\.md|onnx\/(export\.py|requirements\.txt)|LICENSE|CITATION\.cff|(CHANGELOG|CONTRIBUTING|THIRD_PARTY_NOTICES)\.md)$/.test(
          path,
        ),
    );
  if (stray.length > 0) throw new Error(`The tarball holds files that do not belong there: ${stray.join(', ')}`);
  // The pages that the README links, and the script that it names, come with it.
  const packed = new Set(files.map(({ path }) => path));
  const linked = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)];
  const lost = [...linked.map(([, path]) => path), 'onnx/export.py'].filter((path) => !packed.has(path));
  if (lost.length > 0) throw new Error(`The README links files that the tarball lacks: ${lost.join(', ')}`);
  if (size > 5e6) throw new Error(`The tarball has ${size} bytes, more than 5 MB.`);

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball]);

  const names = ['extractFeatures', 'fitLinearMap', 'evaluateAgreement'];
  const use = `
    const missing = ${JSON.stringify(names)}.filter((name) => typeof library[name] !== 'function');
    if (missing.length > 0) throw new Error('not exported: ' + missing.join(', '));
    library.fitLinearMap([[0], [1], [2]], [[1], [3], [5]]).then(({ weight, bias }) => {
      if (Math.abs(weight.get(0, 0) - 2) > 1e-12 || Math.abs(bias.get(0) - 1) > 1e-12) throw new Error('wrong map');
    });`;
  writeFileSync(
    join(folder, 'use.mjs'),
    `import * as library from 'featreconstruct';
    import { fingerprint } from 'featreconstruct/leaks';
    import { accumulate } from 'featreconstruct/statistics';
    if (typeof fingerprint !== 'function' || typeof accumulate !== 'function') throw new Error('entry points');\n${use}`,
  );
  writeFileSync(join(folder, 'use.cjs'), `const library = require('featreconstruct');\n${use}`);
  run('node', ['use.mjs']);
  run('node', ['use.cjs']);

  // Strictly, and the declarations of everything on the way with it: @types/node is all that a reader has to add.
  writeFileSync(
    join(folder, 'use.ts'),
    `import { fitLinearMap } from 'featreconstruct';
    import { fingerprint } from 'featreconstruct/leaks';
    import { accumulate } from 'featreconstruct/statistics';
    console.log(fitLinearMap, fingerprint, accumulate);\n`,
  );
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', ...types];
  run('node', [join(root, 'node_modules/typescript/bin/tsc'), ...strict, 'use.ts']);

  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const printed = run('npx', ['--no-install', 'featreconstruct', '--version']).trim();
  if (printed !== version) throw new Error(`featreconstruct --version printed ${printed}, not ${version}`);
  const begun = Date.now();
  const told = run('npx', ['--no-install', 'featreconstruct', 'demo', '--quiet']).trimEnd().split('\n');
  const seconds = Math.round((Date.now() - begun) / 1000);
  if (!/^Next, /.test(told.at(-1)) || statSync(join(folder, 'featreconstruct-demo', 'report.html')).size === 0)
    throw new Error(`The demo does not end as it should: ${told.at(-1)}`);
  run('npx', ['--no-install', 'publint', '--strict', tarball], root);
  // `require` of an ES module, which the profile leaves out, is what Node >= 20.19 does: use.cjs above has just done it.
  run('npx', ['--no-install', 'attw', '--profile', 'esm-only', tarball], root);
  const runtimes = tryRuntimes(folder);
  console.log(
    `${filename}: ${files.length} files, ${(size / 1e6).toFixed(2)} MB; import, require, the command line and its demo (${seconds} s) work; ${runtimes}.`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
