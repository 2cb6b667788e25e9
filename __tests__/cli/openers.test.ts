import path from 'node:path';
import { runCli, temporaryFolder, writeVectorClassifier, writeVectors } from './support.js';

/** Every command opens rows in one way: what one of them takes, the others take. */

// A # in the folder's name, and no ending to the store's.
const folder = path.join(temporaryFolder(), 'a#b');
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(folder);
  const model = await writeVectorClassifier(at('m.onnx'));
  const vectors = await writeVectors(at('v.npy'), 400);
  const extract = ['extract', '--model', model, '--dataset', `tensors:${vectors}`, '--head-only', '--store', at('s')];
  expect(await runCli([...extract, '--quiet'])).toMatchObject({ code: 0 });
});

test.each<[string, string[]]>([
  ['fit', ['--x', 's', '--y', 's', '--out', 'map.safetensors']],
  ['fit', ['--x', 's#logits', '--y', 's#features', '--out', 'map.safetensors']],
  ['evaluate', ['--head', 's', '--features', 's', '--logits', 's', '--truth', 's#features']],
  ['fingerprint', ['s']],
])('%s takes a store of features alone, in a folder with a # in its name: %j', async (command, args) => {
  const named = args.map((arg) => (/^(s|s#.*|.*\.safetensors)$/.test(arg) ? at(arg) : arg));
  const { code, stderr } = await runCli([command, ...named, '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('recover takes it, too, and says what nobody can recover of 4 features from 3 outputs', async () => {
  const { code, stderr } = await runCli(['recover', at('s'), '--out', at('recovered.safetensors'), '--quiet']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('a head with fewer features than classes'),
  });
});
