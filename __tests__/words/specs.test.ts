import { kindOfImages, shortSpec, withoutFolders } from '../../lib/words/index.js';

test.each([
  ['cifar100:train[0:5000]', 'cifar100:train[0:5000]'],
  ['hf:owner/name/config:split[0:5]', 'hf:owner/name/config:split[0:5]'],
  ['folder:/home/somebody/scenes', 'folder:scenes'],
  ['folder:/home/somebody/scenes/', 'folder:scenes/'],
  ['folder:C:\\Users\\somebody\\scenes', 'folder:scenes'],
  ['folder:photos', 'folder:photos'],
  // The slash of a shard is none of a path.
  ['folder:/home/somebody/photos[shard:1/3]', 'folder:photos[shard:1/3]'],
  ['folder:photos[0:10][shard:1/3]', 'folder:photos[0:10][shard:1/3]'],
  ['folder:/home/[old]/photos [2]', 'folder:photos [2]'],
  ['parquet:/home/somebody/secret/x.parquet', 'parquet:x.parquet'],
  ['list:../secret/images.csv', 'list:images.csv'],
  ['imagefolder:./a/b[10:]', 'imagefolder:b[10:]'],
  ['tensors:/home/somebody/x.npz#inputs[0:200]', 'tensors:x.npz#inputs[0:200]'],
  // Names of tensors have slashes.
  ['tensors:/home/somebody/x.safetensors#block/0/in', 'tensors:x.safetensors#block/0/in'],
  ['tensors:/home/a#b/x.npy', 'tensors:x.npy'],
])('%s is shown as %s', (spec, shown) => {
  expect(withoutFolders(spec)).toBe(shown);
  expect(shortSpec(spec)).toBe(shown);
});

test('control characters of a path are shown as what they are', () => {
  expect(shortSpec('folder:/a/b\u001b[31m')).not.toContain('\u001b');
});

test.each([
  ['cifar100:train[0:10]', 'cifar100:test', true],
  ['cifar100:train', 'cifar10:test', false],
  ['synthetic:train', 'synthetic-shift:test', false],
  ['folder:a[0:10]', 'folder:a[10:20][limit:5]', true],
  ['folder:a', 'folder:b', false],
  ['parquet:a.parquet', 'parquet:b.parquet', false],
  ['tensors:a.npy', 'tensors:b.npy', false],
  ['hf:owner/name:train', 'hf:owner/name:test[0:5]', true],
  ['hf:owner/name/config:train', 'hf:owner/name/other:train', false],
  ['hf:owner/name:train', 'hf:owner/other:train', false],
])('%s and %s: images of one kind: %s', (one, other, same) => {
  expect(kindOfImages(one) === kindOfImages(other)).toBe(same);
});
