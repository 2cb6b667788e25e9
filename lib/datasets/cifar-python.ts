import { FeatReconstructError } from '../base/index.js';
import { readWhole, type ByteFile } from '../bytes/index.js';
import { PIXEL_BYTES, type CifarBatch, type CifarLayout } from './cifar-layout.js';
import { PickledArray, readPickle, type PickleValue } from './pickle.js';

/** Bytes of a pickle at most; CIFAR's largest has 155 MB. */
const MOST_OF_A_PICKLE = 2 ** 29;

/** CIFAR's layout for Python: pickled dictionaries with `data` (n, 3072) of bytes and a list of labels. */
export function pythonLayout(
  layout: Omit<CifarLayout, 'readBatch' | 'readNames'> & { labelsKey: string; namesKey: string },
): CifarLayout {
  return {
    ...layout,
    readBatch: (file) => readBatch(file, layout.labelsKey),
    readNames: (file) => readNames(file, layout.namesKey),
  };
}

async function readBatch(file: ByteFile, labelsKey: string): Promise<CifarBatch> {
  const batch = await readDictionary(file);
  const data = batch.get('data');
  const labels = batch.get(labelsKey);
  if (!(data instanceof PickledArray) || data.dtype !== '|u1' || data.shape.length !== 2) {
    throw new FeatReconstructError(`${file.name} has no array of bytes called 'data', as a CIFAR batch has.`);
  }
  const [size, width] = data.shape;
  if (width !== PIXEL_BYTES || data.bytes.length !== size * PIXEL_BYTES) {
    throw new FeatReconstructError(
      `'data' in ${file.name} is ${size} x ${width} with ${data.bytes.length} bytes, expected n x ${PIXEL_BYTES}, all of them there.`,
    );
  }
  if (!isNumbers(labels) || labels.length !== size) {
    throw new FeatReconstructError(`${file.name} has no list of ${size} integers called '${labelsKey}'.`);
  }
  const rows = data.fortranOrder ? transposed(data.bytes, size) : data.bytes;
  return {
    name: file.name,
    size,
    async read(start, count) {
      return {
        labels: labels.slice(start, start + count),
        bytes: rows,
        offset: start * PIXEL_BYTES,
        stride: PIXEL_BYTES,
      };
    },
  };
}

async function readNames(file: ByteFile, namesKey: string): Promise<string[]> {
  const names = (await readDictionary(file)).get(namesKey);
  if (!Array.isArray(names)) throw new FeatReconstructError(`${file.name} has no list called '${namesKey}'.`);
  return names.map((name) => {
    if (typeof name === 'string') return name;
    if (name instanceof Uint8Array) return Buffer.from(name).toString('utf8');
    throw new FeatReconstructError(`${file.name} has something else than strings in its list '${namesKey}'.`);
  });
}

async function readDictionary(file: ByteFile): Promise<Map<string, PickleValue>> {
  const value = readPickle(await readWhole(file, MOST_OF_A_PICKLE), file.name);
  if (value instanceof Map) return value;
  throw new FeatReconstructError(`${file.name} is a pickle of something else, expected a dictionary as CIFAR's are.`);
}

/** The bytes of (n, 3072) row by row, from column by column. */
function transposed(columns: Uint8Array, rows: number): Uint8Array {
  const bytes = new Uint8Array(columns.length);
  for (let column = 0, from = 0; column < PIXEL_BYTES; column++) {
    for (let row = 0; row < rows; row++) bytes[row * PIXEL_BYTES + column] = columns[from++];
  }
  return bytes;
}

function isNumbers(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
