import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FeatReconstructError, option, textOf, UsageError, withOptions } from '../../lib/base/index.js';

const flags = (text: string): string => withOptions(text, (_, flag) => flag);

test('an error names its options as the library does; its text has their flags as well', () => {
  const error = new UsageError(
    `${option('skipBadImages')}/${option('logits', '--logits-tensor')}/${option('stores: null', '--no-store')}`,
  );
  expect(error.message).toBe('skipBadImages/logits/stores: null');
  expect(flags(textOf(error))).toBe('--skip-bad-images/--logits-tensor/--no-store');
  expect(error).toMatchObject({ exitCode: 2, name: 'UsageError' });
  expect(String(error)).toBe(`UsageError: ${error.message}`);
});

test('a text that crosses a thread makes an error that says the same', () => {
  const sent = structuredClone(textOf(new FeatReconstructError(`x (${option('skipBadImages')})`)));
  const made = new FeatReconstructError(sent);
  expect(made.message).toBe('x (skipBadImages)');
  expect(flags(textOf(made))).toBe('x (--skip-bad-images)');
});

test('other errors are their message', () => {
  expect(textOf(new Error('a --b'))).toBe('a --b');
  expect(textOf(new FeatReconstructError())).toBe('');
});

describe('the messages of the library', () => {
  const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/^(cli|report|results|base)\b/.test(file))
    .map((file) => ({
      file,
      text: readFileSync(path.join('lib', file), 'utf8').replace(/^\s*(\*|\/\/|\/\*).*$/gm, ''),
    }));

  test('write no flag of the command line but through option()', () => {
    // Flags of other programs, of the command that the text names, and the verdict of an audit, which is no error.
    const others =
      /--(no-deps|version|ignore-scripts|fix-cuda|input-type|repo-type|revision)\b|(tar|hf download|esbuild|tf2onnx|pg_dump|optimum-cli|onnx\/export\.py).*--|option\([^()]*--|'--\w+(-\w+)*( [^']*)?'/;
    const found = files.flatMap(({ file, text }) =>
      text.split('\n').flatMap((line, i) => (/--[a-z]/.test(line) && !others.test(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(found.filter((place) => !place.startsWith('leaks/verdict.ts'))).toEqual([]);
  });

  test('name flags that some command has', () => {
    const help = ['extract', 'fit', 'run', 'recover', 'audit']
      .map((command) => execFileSync(process.execPath, ['dist/cli/main.js', command, '--help'], { encoding: 'utf8' }))
      .join('\n');
    const known = new Set(help.match(/--[a-z][\w-]*/g));
    const named = files.flatMap(({ text }) =>
      [...text.matchAll(/\boption\('(\w+)'\)|\boption\((?:'[^']*'|"[^"]*"|`[^`]*`), ['`](--[\w-]+)/g)].map(
        ([, property, flag]) => flag ?? `--${property.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`,
      ),
    );
    expect(named.length).toBeGreaterThan(25);
    // A size can be given to the library only.
    expect(named.filter((flag) => !known.has(flag) && flag !== '--image-size')).toEqual([]);
  });
});
