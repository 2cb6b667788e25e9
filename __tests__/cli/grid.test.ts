import { parseGrid } from '../../lib/cli/grid.js';

test.each<[string, number[]]>([
  ['0', [0]],
  ['1e-3', [1e-3]],
  ['-2', [-2]],
  ['1,10', [1, 10]],
  ['1, 10, 1e2', [1, 10, 100]],
  ['10^(-8:1:2)', [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100]],
  ['2^(0:3)', [1, 2, 4, 8]],
  ['0:0.1:0.3', [0, 0.1, 0.2, 0.3]],
  ['3:-1:1', [3, 2, 1]],
  ['0, 10^(0:1)', [0, 1, 10]],
  ['sqrt(4)', [2]],
])('%s', async (text, values) => {
  const found = await parseGrid('--alpha', text);
  expect(found).toHaveLength(values.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(values[i], 12));
});

test.each<[string, RegExp]>([
  ['abc', /for --alpha, found "abc" \(Undefined symbol abc\)/],
  ['10^(5:1:2)', /the range is empty/],
  ['1:0:2', /the range is empty/],
  ['0:1e-9:1', /the range/],
  ['', /found ""/],
  ['1,', /found "1,"/],
  ['1/0', /no finite number/],
  ['(', /found "\("/],
  ['(1:2)+(3:4)', /more than one range/],
  ['[1, 2]', /found/],
  ['true', /no finite number/],
])('%s is refused as usage', async (text, message) => {
  await expect(parseGrid('--alpha', text)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(message),
  });
});
