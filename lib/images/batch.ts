import { FeatReconstructError } from '../base/index.js';
import { cropWindow } from './crop.js';
import type { CropWindow } from './crop.js';
import { applyPixels } from './transform.js';
import type { RgbImage, Transform } from './types.js';

/**
 * Writes images as the rows of a batch, normalised. One buffer serves batch after batch.
 *
 * A small image on a black canvas costs only its own pixels: slots are black from the start, and each one remembers
 * where its last image was, to be blackened again only if the next image does not cover that.
 */
export class BatchWriter {
  /** The input: (batch, channels, height, width) or (batch, height, width, channels), row-major. */
  readonly data: Float32Array | Uint8Array;
  /** The input's number for each channel and pixel value. */
  private readonly table: Float32Array;
  /** For each channel of the input, the channel of the pixels that it shows. */
  private readonly order: readonly number[];
  /** Where the last image of each slot is. */
  private readonly windows: (CropWindow | undefined)[];
  /** If the transform only crops, the visible window is written without making the cropped image. */
  private readonly cropsOnly: boolean;

  constructor(
    private readonly transform: Transform,
    /** [height, width] of the model's input. */
    private readonly size: readonly [number, number],
    batchSize: number,
    private readonly layout: 'nchw' | 'nhwc',
    /** `uint8` for a model that reads pixels as they are. */
    type: 'float32' | 'uint8' = 'float32',
  ) {
    this.order = orders[transform.channels ?? 'rgb'];
    const [height, width] = size;
    const [step] = transform.steps;
    this.cropsOnly =
      transform.steps.length === 1 &&
      step.op === 'centerCrop' &&
      step.offset === undefined &&
      step.fill === undefined &&
      step.size[0] === height &&
      step.size[1] === width;
    this.table = normalisationTable(transform);
    this.data = new (type === 'uint8' ? Uint8Array : Float32Array)(batchSize * this.order.length * height * width);
    this.windows = new Array<CropWindow | undefined>(batchSize);
    for (let slot = 0; slot < batchSize; slot++) this.blacken(slot);
  }

  /** Writes an image whose pixel steps are done. @throws FeatReconstructError where it has not the input's size */
  write(slot: number, pixels: RgbImage): void {
    const [height, width] = this.size;
    if (pixels.height !== height || pixels.width !== width) {
      throw new FeatReconstructError(
        `Expected an image of ${height} x ${width} for this model, found ${pixels.height} x ${pixels.width} (height x width).`,
      );
    }
    this.place(slot, pixels, cropWindow(pixels, this.size));
  }

  /**
   * Runs the transform's pixel steps on an image and writes it.
   * @throws FeatReconstructError where the result has not the input's size
   */
  writeImage(slot: number, image: RgbImage): void {
    if (this.cropsOnly) this.place(slot, image, cropWindow(image, this.size));
    else this.write(slot, applyPixels(this.transform, image));
  }

  private place(slot: number, image: RgbImage, window: CropWindow): void {
    const last = this.windows[slot];
    if (last && !covers(window, last)) this.blacken(slot);
    this.windows[slot] = window;
    if (this.layout === 'nchw') this.placePlanes(slot, image, window);
    else this.placePixels(slot, image, window);
  }

  private placePlanes(
    slot: number,
    { data: pixels, width: imageWidth }: RgbImage,
    { rows, columns }: CropWindow,
  ): void {
    const { data, table, order } = this;
    const [height, width] = this.size;
    const plane = height * width;
    for (let channel = 0; channel < order.length; channel++) {
      const at = 256 * channel;
      for (let y = 0; y < rows.length; y++) {
        let from = ((rows.from + y) * imageWidth + columns.from) * 3 + order[channel];
        let to = (slot * order.length + channel) * plane + (rows.to + y) * width + columns.to;
        const end = to + columns.length;
        for (; to < end; to++, from += 3) data[to] = table[at + pixels[from]];
      }
    }
  }

  private placePixels(
    slot: number,
    { data: pixels, width: imageWidth }: RgbImage,
    { rows, columns }: CropWindow,
  ): void {
    const { data, table, order } = this;
    const [height, width] = this.size;
    const channels = order.length;
    for (let y = 0; y < rows.length; y++) {
      let from = ((rows.from + y) * imageWidth + columns.from) * 3;
      let to = ((slot * height + rows.to + y) * width + columns.to) * channels;
      const end = to + columns.length * channels;
      for (; to < end; to += channels, from += 3) {
        for (let channel = 0; channel < channels; channel++) {
          data[to + channel] = table[256 * channel + pixels[from + order[channel]]];
        }
      }
    }
  }

  /** Makes a slot black. */
  private blacken(slot: number): void {
    const plane = this.size[0] * this.size[1];
    const channels = this.order.length;
    const start = slot * channels * plane;
    const black = this.order.map((_, channel) => this.table[256 * channel]);
    if (this.layout === 'nchw') {
      black.forEach((value, channel) => this.data.fill(value, start + channel * plane, start + (channel + 1) * plane));
    } else {
      for (let i = 0; i < channels * plane; i++) this.data[start + i] = black[i % channels];
    }
  }
}

/** Which channel of an RGB pixel each channel of the input is. (Grey pixels have the same number three times.) */
const orders = { rgb: [0, 1, 2], bgr: [2, 1, 0], grey: [0] } as const;

/** Whether writing the window leaves nothing of the last one. */
function covers(window: CropWindow, last: CropWindow): boolean {
  return (['rows', 'columns'] as const).every(
    (axis) =>
      window[axis].to <= last[axis].to && window[axis].to + window[axis].length >= last[axis].to + last[axis].length,
  );
}

/** (3, 256): (value * scale − mean) / std for each channel and 8-bit value, each operation rounded to float32. */
function normalisationTable({ scale, mean, std }: Transform): Float32Array {
  const table = new Float32Array(3 * 256);
  for (let channel = 0; channel < 3; channel++) {
    for (let value = 0; value < 256; value++) {
      const centred = Math.fround(Math.fround(value * scale) - Math.fround(mean[channel]));
      table[channel * 256 + value] = centred / Math.fround(std[channel]);
    }
  }
  return table;
}
