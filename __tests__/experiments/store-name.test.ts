import { storeName } from '../../lib/experiments/store-name.js';

const key = '0123456789abcdef'.repeat(4);
const name = (spec: string, model = 'resnet18'): string =>
  storeName({ model: { name: model }, dataset: { spec } } as Parameters<typeof storeName>[0], key);

test.each([
  // As they have always been, so that stores of before are used again.
  ['cifar100:train[0:5000]', 'resnet18-cifar100-train-0-5000-0123456789ab.safetensors'],
  ['folder:/home/somebody/pictures/scenes', 'resnet18-scenes-0123456789ab.safetensors'],
  ['folder:photos', 'resnet18-folder-photos-0123456789ab.safetensors'],
  ['tensors:x.npy', 'resnet18-tensors-x-npy-0123456789ab.safetensors'],
  // No folders of somebody's disk.
  ['tensors:/home/somebody/secret/x.npy[0:200]', 'resnet18-x-npy-0-200-0123456789ab.safetensors'],
  ['tensors:../secret/x.safetensors#inputs', 'resnet18-x-safetensors-inputs-0123456789ab.safetensors'],
  ['parquet:/home/somebody/secret/x.parquet', 'resnet18-x-parquet-0123456789ab.safetensors'],
  ['folder:/home/somebody/photos[shard:1/3]', 'resnet18-photos-shard-1-3-0123456789ab.safetensors'],
  ['folder:C:\\Users\\somebody\\scenes', 'resnet18-scenes-0123456789ab.safetensors'],
])('%s', (spec, expected) => {
  expect(name(spec)).toBe(expected);
});

test.each([
  ['a long path', `tensors:/${'deep/'.repeat(100)}x.npy`, 'model'],
  ['a long name', `tensors:/${'x'.repeat(250)}.npy[0:200]`, 'model'],
  ['a long model', 'cifar100:train', 'm'.repeat(250)],
  ['both', `folder:${'p'.repeat(250)}`, 'm'.repeat(250)],
  ['names of several bytes a character', 'folder:写真', '模'.repeat(83)],
  ['and of four', 'folder:x', '😀'.repeat(62)],
])('%s makes a name that a file system takes, with room for its endings', (_, spec, model) => {
  const file = name(spec, model);
  expect(Buffer.byteLength(`${file}.partial.json.0123456789ab.tmp`)).toBeLessThan(255);
  expect(file).toMatch(/-0123456789ab\.safetensors$/);
  expect(file).not.toMatch(/[/\\\ufffd]/);
});
