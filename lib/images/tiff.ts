import { checkPromise, checkSize } from './limits.js';
import { rgbWriter } from './tiff-colors.js';
import { firstDirectory, tags } from './tiff-directory.js';
import type { Directory } from './tiff-directory.js';
import { tiffKind } from './tiff-kind.js';
import type { TiffKind } from './tiff-kind.js';
import { mostRatio, unpack } from './tiff-segments.js';
import type { RgbImage } from './types.js';

/**
 * The first page of a TIFF or BigTIFF, as Pillow reads it. It is turned as its orientation says, which Pillow does only
 * for TIFF.
 */

/** @throws Refusal for a kind that is not read; Error when the bytes are cut short or corrupted */
export async function decodeTiff(file: Buffer): Promise<RgbImage> {
  const directory = firstDirectory(file);
  const kind = tiffKind(directory);
  const { width, height, planar, samples, bits } = kind;
  const grid = readGrid(directory, kind, file.length);
  const planes = planar ? samples : 1;
  const bands = planar ? 1 : samples;
  const rowLength = Math.ceil((grid.width * bands * bits) / 8);
  const rowsOf = (y: number): number => (grid.tiled ? grid.height : Math.min(grid.height, height - y));
  const held = Math.min(
    file.length,
    grid.counts.reduce((sum, count) => sum + count, 0),
  );
  checkPromise(
    held,
    (grid.tiled ? grid.down * grid.height : height) * grid.across * rowLength * planes,
    mostRatio(kind.compression, rowLength),
  );

  const tables = directory.bytes(tags.jpegTables);
  const place = placeOf(kind);
  const out = new Uint8Array(width * height * 3);
  const write = rgbWriter(kind, directory);
  for (let row = 0; row < grid.down; row++) {
    for (let column = 0; column < grid.across; column++) {
      const [x, y] = [column * grid.width, row * grid.height];
      const length = rowsOf(y) * rowLength;
      const unpacked: Uint8Array[] = [];
      for (let plane = 0; plane < planes; plane++) {
        const i = (plane * grid.down + row) * grid.across + column;
        const segment = file.subarray(grid.offsets[i], grid.offsets[i] + grid.counts[i]);
        if (segment.length < grid.counts[i]) throw new Error(`a strip or tile goes beyond its end`);
        unpacked.push(await unpack(segment, length, kind, { width: grid.width, height: rowsOf(y) }, tables));
      }
      const [columns, rows] = [Math.min(grid.width, width - x), Math.min(grid.height, height - y)];
      for (let k = 0; k < rows; k++) write(unpacked, k * rowLength, out, place.of(x, y + k), place.step, columns);
    }
  }
  return place.turned ? { width: height, height: width, data: out } : { width, height, data: out };
}

/** How an image is divided: into tiles, or into strips, which are tiles of its width. */
interface Grid {
  tiled: boolean;
  /** Pixels of a tile. */
  width: number;
  height: number;
  /** Tiles in each direction. */
  across: number;
  down: number;
  /** Where each tile begins in the file, and its bytes: plane by plane, row by row. */
  offsets: number[];
  counts: number[];
}

function readGrid({ list, one }: Directory, kind: TiffKind, fileLength: number): Grid {
  const tiled = list(tags.stripOffsets).length === 0;
  const width = tiled ? one(tags.tileWidth, 0) : kind.width;
  const height = tiled ? one(tags.tileHeight, 0) : Math.min(kind.height, one(tags.rowsPerStrip, kind.height));
  if (!(width > 0 && height > 0)) throw new Error(`strips or tiles of ${width} x ${height} pixels`);
  const [across, down] = [Math.ceil(kind.width / width), Math.ceil(kind.height / height)];
  // Tiles may reach beyond the image, but not far.
  if (tiled) checkSize(across * width, down * height);
  const wanted = across * down * (kind.planar ? kind.samples : 1);
  const offsets = list(tiled ? tags.tileOffsets : tags.stripOffsets);
  if (offsets.length < wanted) throw new Error(`${offsets.length} strips or tiles of ${wanted}`);
  const stated = list(tiled ? tags.tileCounts : tags.stripCounts);
  // For uncompressed data the length is computed: some files do not state it, or state it wrongly.
  const bands = kind.planar ? 1 : kind.samples;
  const rowLength = Math.ceil((width * bands * kind.bits) / 8);
  const counts = offsets.slice(0, wanted).map((offset, i) => {
    if (kind.compression !== 'none') return stated[i] ?? Math.max(0, fileLength - offset);
    const y = (Math.floor(i / across) % down) * height;
    return rowLength * (tiled ? height : Math.min(height, kind.height - y));
  });
  return { tiled, width, height, across, down, offsets, counts };
}

/** Where pixels go in an image that is turned as the orientation tag says, 1 to 8, as in EXIF. */
function placeOf({ width, height, orientation }: TiffKind): {
  /** Whether width and height are exchanged. */
  turned: boolean;
  /** Bytes between the places of neighbours in a row of the file. */
  step: number;
  /** The place, in bytes, of the file's pixel (x, y). */
  of(x: number, y: number): number;
} {
  const turned = orientation >= 5;
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const stepX = (turned ? height : 1) * (mirrorX ? -3 : 3);
  const stepY = (turned ? 1 : width) * (mirrorY ? -3 : 3);
  const origin = (mirrorX ? (1 - width) * stepX : 0) + (mirrorY ? (1 - height) * stepY : 0);
  return { turned, step: stepX, of: (x, y) => origin + x * stepX + y * stepY };
}
