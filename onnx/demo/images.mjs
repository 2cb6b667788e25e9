// Writes images as train.py reads them: FOLDER/{train,test}.images.npy (n, height, width, 3) bytes, .labels.npy (n) int32,
// and classes.json.
//
//   npm run build && node onnx/demo/images.mjs FOLDER TRAIN_SPEC TEST_SPEC
//   node onnx/demo/images.mjs /tmp/synthetic synthetic:train synthetic:test
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset, writeNpy } from 'featreconstruct';
import ndarray from 'ndarray';

const [folder, ...specs] = process.argv.slice(2);
if (specs.length !== 2) {
  console.error('Expected FOLDER TRAIN_SPEC TEST_SPEC, such as /tmp/synthetic synthetic:train synthetic:test.');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

for (const [i, split] of ['train', 'test'].entries()) {
  const dataset = await openDataset(specs[i]);
  const labels = new Int32Array(dataset.size);
  let pixels;
  let shape;
  let n = 0;
  for await (const { image, label } of dataset.samples()) {
    if (!image) throw new Error(`Expected ${specs[i]} to hold decoded images, as cifar100 and synthetic do.`);
    shape ??= [dataset.size, image.height, image.width, 3];
    pixels ??= new Uint8Array(dataset.size * image.data.length);
    pixels.set(image.data, n * image.data.length);
    labels[n++] = label;
  }
  await writeNpy(join(folder, `${split}.images.npy`), ndarray(pixels, shape));
  await writeNpy(join(folder, `${split}.labels.npy`), ndarray(labels, [n]));
  await writeFile(join(folder, 'classes.json'), JSON.stringify(dataset.classNames));
}
