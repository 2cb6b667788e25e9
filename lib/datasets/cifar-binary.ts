import { FeatReconstructError } from '../base/index.js';
import { readWhole, type ByteFile } from '../bytes/index.js';
import { PIXEL_BYTES, type CifarBatch, type CifarLayout } from './cifar-layout.js';

/** Bytes of the list of classes at most; CIFAR-100's has 918. */
const MOST_OF_NAMES = 2 ** 20;

/** CIFAR's layout for C: records of one or two label bytes (coarse, fine) and the pixels. */
export function binaryLayout(
  layout: Omit<CifarLayout, 'readBatch' | 'readNames'> & { labelBytes: number },
): CifarLayout {
  const { labelBytes } = layout;
  const imagesIn = ({ size }: ByteFile): number => Math.floor(size / (labelBytes + PIXEL_BYTES));
  return { ...layout, imagesIn, readBatch: (file) => readBatch(file, labelBytes), readNames };
}

async function readBatch(file: ByteFile, labelBytes: number): Promise<CifarBatch> {
  const stride = labelBytes + PIXEL_BYTES;
  if (file.size === 0 || file.size % stride !== 0) {
    throw new FeatReconstructError(
      `${file.name} has ${file.size} bytes, expected a multiple of ${stride} (${labelBytes} of label and ${PIXEL_BYTES} of pixels a record): it is cut short or of another data set, so download it again.`,
      { code: 'damaged' },
    );
  }
  return {
    name: file.name,
    size: file.size / stride,
    async read(start, count) {
      const bytes = await file.read(start * stride, count * stride);
      const labels = Uint8Array.from({ length: count }, (_, i) => bytes[i * stride + labelBytes - 1]);
      return { labels, bytes, offset: labelBytes, stride };
    },
  };
}

async function readNames(file: ByteFile): Promise<string[]> {
  const text = new TextDecoder().decode(await readWhole(file, MOST_OF_NAMES));
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
