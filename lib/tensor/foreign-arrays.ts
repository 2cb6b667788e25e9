import { FeatReconstructError } from '../base/index.js';
import { openBytes, openZip } from '../bytes/index.js';

/** Files of arrays that are not read as they are, by their content. */
export type ForeignArrays = 'torch' | 'pickle' | 'hdf5' | 'npz' | 'npy';

const begins = (bytes: Uint8Array, ...values: number[]): boolean => values.every((value, i) => bytes[i] === value);
/** What `torch.save` wrote before it wrote zip archives: a pickled number. */
const legacyTorch = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** What a file of arrays is, whatever its name; null where it is none of these, or cannot be looked at. */
export async function foreignArrays(path: string): Promise<ForeignArrays | null> {
  const file = await openBytes(path).catch(() => null);
  if (!file) return null;
  let start: Uint8Array;
  try {
    start = await file.read(0, Math.min(16, file.size));
  } finally {
    await file.close();
  }
  if (begins(start, 0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return 'npy';
  if (begins(start, 0x89, 0x48, 0x44, 0x46)) return 'hdf5';
  if (begins(start, 0x50, 0x4b, 3, 4)) return kindOfZip(path);
  // The length of a safetensors file's header may begin with the same bytes.
  const isPickle = start[0] === 0x80 && start[1] >= 2 && start[1] <= 5 && !(start[7] === 0 && start[8] === 0x7b);
  return !isPickle ? null : begins(start.subarray(2), ...legacyTorch) ? 'torch' : 'pickle';
}

async function kindOfZip(path: string): Promise<ForeignArrays | null> {
  const zip = await openZip(path).catch(() => null);
  if (!zip) return null;
  const names = zip.entries.map(({ name }) => name);
  await zip.close();
  if (names.some((name) => /(^|\/)(data|constants)\.pkl$/.test(name))) return 'torch';
  return names.some((name) => /\.npy$/i.test(name)) ? 'npz' : null;
}

/** What such a file is and the line of Python that writes one which is read. */
function inWords(kind: ForeignArrays, path: string): string {
  const file = JSON.stringify(path).slice(1, -1).replaceAll("'", "\\'");
  const stem = file.replace(/\.\w+$/, '');
  switch (kind) {
    case 'torch':
      return `a file of PyTorch, which is a pickle and is not read. In Python: numpy.save('${stem}.npy', torch.load('${file}', map_location='cpu').numpy()), or, if it holds several tensors by name, from safetensors.torch import save_file; save_file(torch.load('${file}', map_location='cpu'), '${stem}.safetensors')`;
    case 'pickle':
      return `a pickle of Python, which is not read. In Python, if you trust the file: numpy.save('${stem}.npy', numpy.asarray(pickle.load(open('${file}', 'rb'))))`;
    case 'hdf5':
      return `an HDF5 file, which is not read. In Python: numpy.save('${stem}.npy', h5py.File('${file}')['NAME'][:])`;
    case 'npz':
      return `arrays of NumPy in a zip archive: give it the ending .npz`;
    case 'npy':
      return `an array of NumPy: give it the ending .npy`;
  }
}

/** The error for a file of arrays that is not read as it is, by its content; null where it is none. */
export async function foreignError(path: string, expected = 'arrays'): Promise<FeatReconstructError | null> {
  const kind = await foreignArrays(path);
  return kind && new FeatReconstructError(`Expected ${expected} in '${path}', found ${inWords(kind, path)}.`);
}
