import type { NdArray } from 'ndarray';
import { FeatReconstructError } from '../base/index.js';
import { openZip, type OpenBytes, type Zip } from '../bytes/index.js';
import type { ElementType } from './elements.js';
import { foreignError } from './foreign-arrays.js';
import { readNpyHeader } from './npy.js';
import { readStored, storedTensor } from './stored.js';
import type { StoredTensor, TensorPlace } from './stored.js';

/** A .npz file: arrays of NumPy in a zip archive, each by its name without `.npy`. */
export interface NpzFile {
  /** In the order in which they were written, without arrays that hold no numbers (text, objects). */
  readonly tensors: ReadonlyMap<string, { type: ElementType; shape: readonly number[] }>;
  /**
   * One array's rows (items along its first axis). They are read when asked for; a compressed array
   * (`numpy.savez_compressed`) is unpacked into memory then.
   * @throws FeatReconstructError where there is none of that name, or it holds no numbers
   */
  rows(name: string): StoredTensor;
  /** One array whole, as `readNpy` gives it. */
  read(name: string): Promise<NdArray>;
  close(): Promise<void>;
}

/**
 * Opens what `numpy.savez` and `numpy.savez_compressed` write.
 * @throws FeatReconstructError when it is no zip archive, or has no arrays in it
 */
export async function openNpz(source: string | Uint8Array): Promise<NpzFile> {
  const zip = await openZip(source);
  try {
    const { places, refused } = await arraysOf(zip, source);
    const placeOf = (name: string): { file: OpenBytes; place: TensorPlace } => {
      const found = places.get(name);
      if (found) return found;
      throw refused.get(name) ?? noSuchArray(name, [...places.keys()], source);
    };
    return {
      tensors: new Map([...places].map(([name, { place }]) => [name, { type: place.type, shape: place.shape }])),
      rows(name) {
        const { file, place } = placeOf(name);
        return storedTensor(file, place);
      },
      read: async (name) => {
        const { file, place } = placeOf(name);
        return readStored(file, place);
      },
      close: () => zip.close(),
    };
  } catch (error) {
    await zip.close();
    throw error;
  }
}

/** Where each array is, and why those that hold no numbers are not read. */
async function arraysOf(zip: Zip, source: string | Uint8Array) {
  const places = new Map<string, { file: OpenBytes; place: TensorPlace }>();
  const refused = new Map<string, FeatReconstructError>();
  const members = zip.entries.filter((entry) => /\.npy$/i.test(entry.name));
  if (members.length === 0) {
    const foreign = typeof source === 'string' ? await foreignError(source, 'arrays of NumPy (.npz)') : null;
    if (foreign) throw foreign;
    const names = zip.entries.slice(0, 4).map(({ name }) => `'${name}'`);
    throw new FeatReconstructError(
      `Expected arrays of NumPy in ${called(source)}, found a zip archive of ${names.join(', ') || 'nothing'}: write it with numpy.savez.`,
    );
  }
  for (const entry of members) {
    const name = entry.name.replace(/\.npy$/i, '');
    try {
      const file = await zip.bytes(entry);
      places.set(name, { file, place: await readNpyHeader(file) });
    } catch (error) {
      if (!(error instanceof FeatReconstructError)) throw error;
      refused.set(name, error);
    }
  }
  if (places.size === 0) throw [...refused.values()][0];
  return { places, refused };
}

const called = (source: string | Uint8Array): string =>
  typeof source === 'string' ? `'${source}'` : 'the given bytes';

const noSuchArray = (name: string, names: string[], source: string | Uint8Array): FeatReconstructError =>
  new FeatReconstructError(
    `Expected an array '${name}' in ${called(source)}, found ${names.map((key) => `'${key}'`).join(', ')}: name one of these.`,
    { code: 'not-found' },
  );
