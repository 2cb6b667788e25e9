import { checkSize, refuse } from './limits.js';
import { tags } from './tiff-directory.js';
import type { Directory } from './tiff-directory.js';

/**
 * What a TIFF is, as far as it is read. Only combinations that are known to come out as in Pillow are read; all others
 * are refused by name.
 */
export interface TiffKind {
  width: number;
  height: number;
  /** Whether numbers are little-endian. */
  little: boolean;
  compression: Compression;
  photometric: Photometric;
  /** Bits of each sample. */
  bits: number;
  samples: number;
  /** Whether each sample has a plane of its own. */
  planar: boolean;
  /** Whether samples are stored as differences to their left. */
  predicted: boolean;
  /** Whether the first bit of a byte is its lowest. */
  reversed: boolean;
  /** Whether rows of CCITT Group 3 may refer to the row above. */
  twoDimensional: boolean;
  /** Whether colours were multiplied by the alpha that follows them. */
  premultiplied: boolean;
  /** 1 to 8, as in EXIF. */
  orientation: number;
}

export type Compression = 'none' | 'rows' | 'group 3' | 'group 4' | 'lzw' | 'deflate' | 'packbits' | 'jpeg';
export const isFax = (compression: Compression): compression is 'rows' | 'group 3' | 'group 4' =>
  ['rows', 'group 3', 'group 4'].includes(compression);
export type Photometric = 'white is zero' | 'black is zero' | 'rgb' | 'palette' | 'cmyk' | 'ycbcr';

const compressions: Record<number, Compression> = {
  1: 'none',
  2: 'rows',
  3: 'group 3',
  4: 'group 4',
  5: 'lzw',
  7: 'jpeg',
  8: 'deflate',
  32946: 'deflate',
  32773: 'packbits',
};
const unreadCompressions: Record<number, string> = {
  6: 'old-style JPEG',
  32809: 'ThunderScan',
  34676: 'SGI LogL',
  34677: 'SGI Log 24',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG of DNG',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};
const photometrics: Record<number, Photometric> = {
  0: 'white is zero',
  1: 'black is zero',
  2: 'rgb',
  3: 'palette',
  5: 'cmyk',
  6: 'ycbcr',
};
const unreadPhotometrics: Record<number, string> = {
  4: 'a mask',
  8: 'CIE Lab colours',
  9: 'ICC Lab colours',
  10: 'ITU Lab colours',
  32803: 'raw sensor data',
  32844: 'LogL light',
  32845: 'LogLuv light',
  34892: 'raw sensor data',
};
/** Samples of colour in a pixel, before any extra ones. */
const colorSamples: Record<Photometric, number> = {
  'white is zero': 1,
  'black is zero': 1,
  rgb: 3,
  palette: 1,
  cmyk: 4,
  ycbcr: 3,
};

/** What to do about most of them. */
const asPng = 'save it as PNG';

/** @throws Refusal that names what is not read; Error where fields contradict each other */
export function tiffKind(directory: Directory): TiffKind {
  const { one, list } = directory;
  const [width, height] = [one(tags.width, 0), one(tags.height, 0)];
  checkSize(width, height);

  const compressed = one(tags.compression, 1);
  const compression = compressions[compressed];
  if (!compression) refuse(`a TIFF compressed with ${unreadCompressions[compressed] ?? `method ${compressed}`}`, asPng);
  const colored = one(tags.photometric, 0);
  const photometric = photometrics[colored];
  if (!photometric) refuse(`a TIFF of ${unreadPhotometrics[colored] ?? `colours of kind ${colored}`}`, asPng);
  if (photometric === 'ycbcr' && compression !== 'jpeg') refuse('a TIFF of YCbCr colours without JPEG', asPng);

  const planarValue = one(tags.planar, 1);
  if (planarValue !== 1 && planarValue !== 2) refuse(`a TIFF of planar configuration ${planarValue}`, asPng);
  const samples = one(tags.samplesPerPixel, 1);
  const extra = list(tags.extraSamples);
  const { bits, float } = sampleType(directory, samples);
  checkSamples(photometric, samples, extra, bits);
  if (float) refuse(`a TIFF of ${bits}-bit floating-point numbers`, 'save it with 8 bits');
  checkBits(photometric, samples, bits);

  const planar = planarValue === 2 && samples > 1;
  // Pillow reads such a single plane as whole bytes, with black as zero, whatever the file says.
  if (planarValue === 2 && samples === 1 && compression === 'none' && (bits < 8 || photometric === 'white is zero')) {
    refuse(`an uncompressed TIFF with one plane of ${bits} bits, ${photometric}`, asPng);
  }
  // Pillow reads the 16-bit samples of such planes as bytes.
  if (planar && bits === 16 && compression === 'none') refuse('an uncompressed TIFF of 16-bit planes', asPng);
  const differences = compression === 'lzw' || compression === 'deflate' ? one(tags.predictor, 1) : 1;
  if (differences !== 1 && differences !== 2) refuse(`a TIFF with predictor ${differences}`, asPng);
  if (differences === 2 && bits < 8) refuse(`a TIFF with a predictor on ${bits} bits`, asPng);
  const fill = one(tags.fillOrder, 1);
  if (fill !== 1 && fill !== 2) refuse(`a TIFF of fill order ${fill}`, asPng);
  if (fill === 2 && bits > 8) refuse(`a TIFF of ${bits} bits a sample and fill order 2`, asPng);
  if (isFax(compression) && (bits > 1 || samples > 1 || photometric === 'palette')) {
    refuse(`a TIFF of ${bits} bits compressed with CCITT ${compression}`, asPng);
  }
  if (compression === 'jpeg') checkJpeg(photometric, samples, bits, planar);
  const orientation = one(tags.orientation, 1);
  return {
    width,
    height,
    little: directory.little,
    compression,
    photometric,
    bits,
    samples,
    planar,
    predicted: differences === 2,
    reversed: fill === 2,
    twoDimensional: (one(tags.faxOptions, 0) & 1) === 1,
    premultiplied: photometric === 'rgb' && extra[0] === 1,
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
  };
}

/** Bits of every sample, and whether they are floating-point numbers. */
function sampleType({ list }: Directory, samples: number): { bits: number; float: boolean } {
  const all = list(tags.bitsPerSample).slice(0, samples);
  const bits = all[0] ?? 1;
  if (all.some((other) => other !== bits)) refuse(`a TIFF of ${all.join(', ')} bits a sample`, asPng);
  if (all.length > 1 && all.length < samples) throw new Error(`bits of ${all.length} of ${samples} samples`);
  const formats = list(tags.sampleFormat).slice(0, samples);
  const format = formats[0] ?? 1;
  if (formats.some((other) => other !== format)) refuse(`a TIFF of mixed sample formats`, asPng);
  // Signed bytes are read as bytes, as in Pillow, which has them in one band only.
  const signedBytes = format === 2 && bits === 8 && samples === 1;
  if (format !== 1 && format !== 3 && !signedBytes) {
    refuse(`a TIFF of ${format === 2 ? `signed ${bits}-bit` : format > 4 ? 'complex' : 'undefined'} samples`, asPng);
  }
  return { bits, float: format === 3 };
}

function checkSamples(photometric: Photometric, samples: number, extra: number[], bits: number): void {
  const expected = colorSamples[photometric];
  // Pillow reads a fourth sample beside RGB as alpha where the file does not say what it is.
  const unnamed = photometric === 'rgb' && samples === 4 && extra.length === 0;
  if (samples !== expected + extra.length && !unnamed) {
    throw new Error(`${samples} samples a pixel with ${expected} of colour and ${extra.length} beside them`);
  }
  const [alpha, ...others] = extra;
  if (extra.length === 0) return;
  const allowed =
    bits >= 8 &&
    samples <= 6 &&
    others.every((kind) => kind === 0) &&
    (photometric === 'rgb' ? [0, 1, 2, 999] : photometric === 'cmyk' ? [0] : [0, 2]).includes(alpha) &&
    photometric !== 'white is zero' &&
    (samples > 2 ? photometric === 'rgb' || photometric === 'cmyk' : true);
  if (!allowed)
    refuse(`a TIFF with ${extra.length} samples beside ${photometric} (of kind ${extra.join(', ')})`, asPng);
}

function checkBits(photometric: Photometric, samples: number, bits: number): void {
  const grey = photometric === 'white is zero' || photometric === 'black is zero';
  // Pillow turns all but the darkest 256 levels into white.
  if (grey && samples === 1 && [12, 16, 32].includes(bits)) refuse(`a TIFF of ${bits}-bit grey`, 'save it with 8 bits');
  const allowed =
    (grey || photometric === 'palette') && samples === 1
      ? [1, 2, 4, 8]
      : photometric === 'rgb' || photometric === 'cmyk'
        ? [8, 16]
        : [8];
  const crowded = bits === 16 && samples > 4;
  if (!allowed.includes(bits) || crowded) refuse(`a TIFF of ${bits} bits a sample in ${samples} samples`, asPng);
}

function checkJpeg(photometric: Photometric, samples: number, bits: number, planar: boolean): void {
  const grey = photometric === 'white is zero' || photometric === 'black is zero';
  const allowed = bits === 8 && !planar && (grey ? samples === 1 : photometric !== 'cmyk' && samples === 3);
  if (!allowed) refuse(`a TIFF compressed with JPEG, of ${photometric} in ${samples} samples`, asPng);
}
