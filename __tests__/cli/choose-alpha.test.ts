import path from 'node:path';
import { evaluateAgreement } from '../../lib/evaluate/index.js';
import { applyLinearMap, crossValidate, loadLinearMap, type FitInfo } from '../../lib/fit/index.js';
import { openNpy } from '../../lib/tensor/index.js';
import { runCli, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const fixture = (name: string): string => path.join(process.cwd(), '__tests__', 'fixtures', 'cli', name);
const map = path.join(folder, 'map.safetensors');
const fit = (...flags: string[]) =>
  runCli(['fit', '--x', fixture('x.npy'), '--y', fixture('y.npy'), '--out', map, '--quiet', ...flags]);

describe('fit --alpha cv', () => {
  test('chooses as the library does, and keeps the curve in the map', async () => {
    const flags = ['--alphas', '10^(-1:1:2)', '--folds', '4', '--shuffle', '3', '--select', 'agreement'];
    const { stdout, stderr } = await fit('--alpha', 'cv', ...flags, '--head', fixture('head.safetensors'), '--json');
    expect(stderr).toBe('');
    const [x, y] = [await openNpy(fixture('x.npy')), await openNpy(fixture('y.npy'))];
    const head = await loadLinearMap(fixture('head.safetensors'));
    const expected = await crossValidate(x, y, {
      alphas: [0.1, 1, 10, 100],
      folds: 4,
      shuffle: 3,
      select: 'agreement',
      score: async (maps, fold) => {
        const answers = fold.of(applyLinearMap(head, y));
        const scores = maps.map((each) => evaluateAgreement(head, applyLinearMap(each, fold.of(x)), answers));
        return (await Promise.all(scores)).map(({ agreement }) => agreement);
      },
    });
    await Promise.all([x.close(), y.close()]);
    expect((JSON.parse(stdout) as FitInfo).crossValidation).toEqual(expected);
    expect(((await loadLinearMap(map)).fit as FitInfo).crossValidation).toEqual(expected);
  });

  test('prints the curve with a mark at the chosen alpha', async () => {
    const { stdout } = await fit('--alpha', 'cv', '--alphas', '1000, 1e4', '--select', 'gcv');
    expect(stdout).toMatch(/alpha +held-out MSE +GCV\n/);
    expect(stdout).toMatch(/\n\* +1000 .*\n +10000 /);
    expect(stdout).toContain('alpha 1000 chosen by gcv, 5 folds\nWarning: The best alpha, 1000, is the smallest');
  });

  test.each([
    [['--alphas', '1, 2'], 'Expected --alpha cv with --alphas'],
    [['--alpha', '1, 2'], 'Choose from it with --alpha cv --alphas "1, 2"'],
    [['--alpha', 'cv', '--select', 'agreement'], '--head FILE together'],
    [['--alpha', 'cv', '--folds', '100'], 'as many as the 60 rows'],
  ])('refuses %j', async (flags, message) => {
    const { code, stderr } = await fit(...flags);
    expect({ code, told: stderr.includes(message) }).toEqual({ code: 2, told: true });
  });
});
