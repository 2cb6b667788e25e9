import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { externalTensors, renameExternalData, resolveExternal } from '../../lib/onnx/index.js';
import { errorOf, modelFile } from './fixtures.js';
import { coded } from '../support/coded.js';

let folder: string;
let model: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'external-'));
  await mkdir(path.join(folder, 'model'));
  model = path.join(folder, 'model', 'm.onnx');
  await writeFile(model, '');
  await writeFile(path.join(folder, 'model', 'm.data'), 'data');
  await writeFile(path.join(folder, 'secret'), 'secret');
});
afterEach(() => rm(folder, { recursive: true }));

test('data beside the model are found', () => {
  expect(resolveExternal('m.data', model)).toMatch(/m\.data$/);
  expect(resolveExternal('./m.data', model)).toMatch(/m\.data$/);
});

test.each(['../secret', 'x/../../secret', '..\\secret', '/etc/passwd', 'C:\\secret', 'c:secret'])(
  '%s is refused',
  (location) => {
    expect(() => resolveExternal(location, model)).toThrow(coded('bad-input', 'inside'));
  },
);

test('a link that leaves the folder is refused, one that stays is not', async () => {
  await symlink('../secret', path.join(folder, 'model', 'leaves'));
  await symlink('m.data', path.join(folder, 'model', 'stays'));
  expect(() => resolveExternal('leaves', model)).toThrow(coded('bad-input', "'leaves'", 'outside'));
  expect(resolveExternal('stays', model)).toMatch(/m\.data$/);
});

test('a model that is a link brings the folder that it points into', async () => {
  await mkdir(path.join(folder, 'blobs'));
  await mkdir(path.join(folder, 'snapshot'));
  await writeFile(path.join(folder, 'blobs', 'aaa'), '');
  await writeFile(path.join(folder, 'blobs', 'bbb'), 'data');
  await symlink('../blobs/aaa', path.join(folder, 'snapshot', 'm.onnx'));
  await symlink('../blobs/bbb', path.join(folder, 'snapshot', 'm.onnx.data'));
  await symlink('../secret', path.join(folder, 'snapshot', 'secret'));
  const linked = path.join(folder, 'snapshot', 'm.onnx');
  expect(resolveExternal('m.onnx.data', linked)).toMatch(/blobs.bbb$/);
  expect(() => resolveExternal('secret', linked)).toThrow(coded('bad-input', 'outside'));
});

test('a missing file is named', () => {
  expect(errorOf(() => resolveExternal('gone.data', model)).message).toContain("'gone.data'");
});

test('external files are renamed in the model, and nothing else is', async () => {
  const bytes = await readFile(modelFile('external_missing'));
  const renamed = renameExternalData(bytes, (location) => `a/longer/name/of/${location}`);
  expect(externalTensors(renamed).map(({ external }) => external.location)).toEqual(['a/longer/name/of/missing.bin']);
  expect(renameExternalData(renamed, () => 'missing.bin')).toEqual(new Uint8Array(bytes));
});
