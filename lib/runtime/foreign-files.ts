import { open } from 'node:fs/promises';
import { upTo } from '../bytes/index.js';

const ascii = (bytes: Buffer, from: number, to: number): string => bytes.toString('latin1', from, to);
const begins = (bytes: Buffer, ...values: number[]): boolean => values.every((value, i) => bytes[i] === value);
/** The name of a zip archive's first entry. */
const entry = (bytes: Buffer): string =>
  begins(bytes, 0x50, 0x4b, 3, 4) && bytes.length > 30 ? ascii(bytes, 30, 30 + bytes.readUInt16LE(26)) : '';

/** Other files that people give as models, by their first bytes, and what to do with them. */
const kinds: readonly { is(bytes: Buffer): boolean; found: string }[] = [
  { is: (bytes) => bytes.length === 0, found: 'an empty file: copy or export it again' },
  {
    is: (bytes) => ascii(bytes, 0, 43) === 'version https://git-lfs.github.com/spec/v1\n',
    found: 'a pointer of Git LFS in its place: git lfs pull, in the repository that it came from, fetches the model',
  },
  {
    is: (bytes) => /^\s*(<!doctype html|<html|<\?xml)/i.test(bytes.toString('utf8')),
    found: 'a web page: the link leads to a page about the file, or to a log-in. Fetch the file itself',
  },
  { is: (bytes) => begins(bytes, 0x1f, 0x8b), found: 'a gzip archive: gunzip it first (tar xzf, if it is a .tar.gz)' },
  {
    is: (bytes) => begins(bytes, 0x89, 0x48, 0x44, 0x46),
    found:
      "an HDF5 file, as Keras writes them: load it in Python and convert it (model.export('model.onnx', format='onnx') in Keras 3, or tf2onnx)",
  },
  {
    is: (bytes) => ascii(bytes, 4, 8) === 'TFL3',
    found: 'a TensorFlow Lite model: python -m tf2onnx.convert --tflite FILE --output model.onnx',
  },
  {
    is: (bytes) => /\.pkl$|\/data\/\d+$|(^|\/)(byteorder|version|\.format_version)$|\/code\//.test(entry(bytes)),
    found:
      'weights of PyTorch: load them into their network in Python and export that (torch.onnx.export, or onnx/export.py for models of timm, torchvision and open_clip)',
  },
  {
    is: (bytes) => /^(metadata|config)\.json$|^model\.weights/.test(entry(bytes)),
    found: "a model of Keras: load it in Python and model.export('model.onnx', format='onnx')",
  },
  { is: (bytes) => begins(bytes, 0x50, 0x4b, 3, 4), found: 'a zip archive: unpack it, and give the .onnx file in it' },
  {
    is: (bytes) => begins(bytes, 0x80) && bytes[1] >= 2 && bytes[1] <= 5,
    found:
      'a Python pickle (weights of PyTorch or a model of scikit-learn): load it in Python and export it (torch.onnx.export, skl2onnx)',
  },
  {
    is: (bytes) => bytes.length > 9 && bytes.readBigUInt64LE(0) < 100_000_000n && /^\{\s*"/.test(ascii(bytes, 8, 16)),
    found:
      'weights in safetensors, without a graph: export the model itself (optimum-cli export onnx, or torch.onnx.export), then give the .onnx file',
  },
  {
    is: (bytes) => ascii(bytes, 4, 8) === 'ORTM',
    found: "a model in ONNX Runtime's own format: give the .onnx file that it was made from",
  },
  { is: (bytes) => /^\s*\{/.test(ascii(bytes, 0, 16)), found: 'JSON: give the .onnx file' },
  {
    is: (bytes) =>
      bytes.length >= 8 &&
      bytes[0] === 0x08 &&
      bytes[1] === 0x01 &&
      bytes[2] === 0x12 &&
      ascii(bytes, 0, 4096).includes('saved_model'),
    found: "TensorFlow's SavedModel: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx",
  },
];

/** The same by the ending of the name, for kinds that their first bytes do not tell. */
const endings: Readonly<Record<string, string>> = {
  '.pb':
    'a graph of TensorFlow: python -m tf2onnx.convert (--saved-model FOLDER, or --graphdef FILE --inputs … --outputs …) --output model.onnx',
  '.caffemodel': 'weights of Caffe: convert the model to ONNX',
  '.mlmodel': 'a Core ML model: export the model that it was made from',
  '.engine': 'a TensorRT engine: give the .onnx file that it was built from',
};

/**
 * What a file is that is no ONNX model, and what to do with it, as the second half of a sentence; null where it may be one.
 */
export async function foreignKind(file: string): Promise<string | null> {
  const handle = await open(file, 'r');
  try {
    const bytes = await upTo(handle, 0, 4096);
    const ending = Object.keys(endings).find((each) => file.toLowerCase().endsWith(each));
    return kinds.find(({ is }) => is(bytes))?.found ?? (ending === undefined ? null : endings[ending]);
  } finally {
    await handle.close();
  }
}
