import { tags } from './tiff-directory.js';
import type { Directory } from './tiff-directory.js';
import type { TiffKind } from './tiff-kind.js';

/**
 * Writes `count` pixels as RGB, `step` bytes apart from `to` on, from a row that begins at byte `from` of every plane.
 */
export type RowWriter = (
  planes: readonly Uint8Array[],
  from: number,
  out: Uint8Array,
  to: number,
  step: number,
  count: number,
) => void;

/** What converts a TIFF's samples to RGB, with Pillow's arithmetic. Samples of 16 bits keep their high byte. */
export function rgbWriter(kind: TiffKind, directory: Directory): RowWriter {
  const { photometric } = kind;
  if (photometric === 'rgb' || photometric === 'ycbcr') return colorWriter(kind);
  if (photometric === 'cmyk') return inkWriter(kind);
  return indexWriter(kind, photometric === 'palette' ? colorMap(directory, kind.bits) : greys(kind));
}

/** RGB of each value of a grey sample. */
function greys({ bits, photometric }: TiffKind): Uint8Array {
  const most = 2 ** bits - 1;
  return Uint8Array.from({ length: 3 * (most + 1) }, (_, i) => {
    const value = Math.floor(i / 3);
    return ((photometric === 'white is zero' ? most - value : value) * 255) / most;
  });
}

/** RGB of each index. The file has all reds, then all greens, then all blues, in 16 bits. */
function colorMap({ list }: Directory, bits: number): Uint8Array {
  const size = 2 ** bits;
  const map = list(tags.colorMap);
  if (map.length !== 3 * size) throw new Error(`${map.length} numbers of a palette of ${3 * size}`);
  return Uint8Array.from({ length: 3 * size }, (_, i) => map[(i % 3) * size + Math.floor(i / 3)] >> 8);
}

function indexWriter({ bits, samples, planar }: TiffKind, table: Uint8Array): RowWriter {
  const apart = bits * (planar ? 1 : samples);
  const mask = 2 ** bits - 1;
  return ([plane], from, out, to, step, count) => {
    for (let i = 0, bit = 0; i < count; i++, bit += apart, to += step) {
      const value = 3 * ((plane[from + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask);
      out[to] = table[value];
      out[to + 1] = table[value + 1];
      out[to + 2] = table[value + 2];
    }
  };
}

/** Where the high byte of each band is: in which plane, and how far from the beginning of a pixel. */
function bandsOf({ bits, samples, planar, little }: TiffKind): { plane: number; shift: number }[] {
  const size = bits >> 3;
  const high = little ? size - 1 : 0;
  return Array.from({ length: samples }, (_, band) =>
    planar ? { plane: band, shift: high } : { plane: 0, shift: band * size + high },
  );
}

/** Bytes from one pixel to the next. */
const apartOf = ({ bits, samples, planar }: TiffKind): number => (bits >> 3) * (planar ? 1 : samples);

function colorWriter(kind: TiffKind): RowWriter {
  const bands = bandsOf(kind);
  const apart = apartOf(kind);
  return (planes, from, out, to, step, count) => {
    for (let c = 0; c < 3; c++) {
      const plane = planes[bands[c].plane];
      let at = from + bands[c].shift;
      for (let i = 0, value = to + c; i < count; i++, at += apart, value += step) out[value] = plane[at];
    }
    if (!kind.premultiplied) return;
    const plane = planes[bands[3].plane];
    let at = from + bands[3].shift;
    for (let i = 0; i < count; i++, at += apart) {
      const alpha = plane[at];
      for (let c = 0; c < 3; c++) {
        const value = to + step * i + c;
        out[value] = alpha === 0 ? 0 : Math.min(255, Math.trunc((255 * out[value]) / alpha));
      }
    }
  };
}

function inkWriter(kind: TiffKind): RowWriter {
  const bands = bandsOf(kind);
  const apart = apartOf(kind);
  return (planes, from, out, to, step, count) => {
    const black = planes[bands[3].plane];
    for (let c = 0; c < 3; c++) {
      const plane = planes[bands[c].plane];
      for (let i = 0; i < count; i++) {
        const paper = 255 - black[from + bands[3].shift + i * apart];
        const product = plane[from + bands[c].shift + i * apart] * paper + 128;
        out[to + step * i + c] = Math.max(0, paper - ((product + (product >> 8)) >> 8));
      }
    }
  };
}
