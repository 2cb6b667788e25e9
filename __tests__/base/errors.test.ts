import { readFileSync } from 'node:fs';
import { errorCodes, FeatReconstructError, isCoded, NotShownError, UsageError } from '../../lib/base/index.js';

test('each error has a code: its own, that of its cause, or bad-input', () => {
  const damaged = new FeatReconstructError('x', { code: 'damaged' });
  expect(damaged.code).toBe('damaged');
  expect(new FeatReconstructError('x').code).toBe('bad-input');
  expect(new FeatReconstructError('y', { cause: damaged }).code).toBe('damaged');
  expect(new FeatReconstructError('y', { cause: damaged, code: 'not-run' }).code).toBe('not-run');
  expect(new FeatReconstructError('y', { cause: new Error('z') }).code).toBe('bad-input');
  expect(new NotShownError('x', 'hidden')).toMatchObject({ code: 'hidden', exitCode: 1, name: 'NotShownError' });
});

test('only wrong usage has the code usage', () => {
  const usage = new UsageError('x', { cause: new Error('y') });
  expect(usage).toMatchObject({ code: 'usage', exitCode: 2 });
  expect(new FeatReconstructError('z', { cause: usage })).toMatchObject({ code: 'bad-input', exitCode: 1 });
});

test('a caller asks for codes, and other errors have none of ours', () => {
  const error = new FeatReconstructError('x', { code: 'damaged' });
  expect([isCoded(error, 'damaged'), isCoded(error, 'system', 'damaged'), isCoded(error, 'system')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(isCoded(Object.assign(new Error('x'), { code: 'damaged' }), 'damaged')).toBe(false);
});

test('the page has every code, and no other', () => {
  const page = readFileSync('docs/design.md', 'utf8').split('## Errors')[1].split('\n## ')[0];
  const listed = [...page.matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code);
  expect(listed).toEqual([...errorCodes]);
});
