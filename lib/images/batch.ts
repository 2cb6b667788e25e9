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

  private place(slot: number, { data: pixels, width: imageWidth }: RgbImage, window: CropWindow): void {
    const last = this.windows[slot];
    if (last && !covers(window, last)) this.blacken(slot);
    this.windows[slot] = window;
    const { rows, columns } = window;
    const [height, width] = this.size;
    const { data, table, order } = this;
    const channels = order.length;
    // From a number of the input to that of the next pixel, and to that of the next channel.
    const [step, channelStep] = this.layout === 'nchw' ? [1, height * width] : [channels, 1];
    const words =
      isLittleEndian && channels === 3 && step === 1 && pixels.byteOffset % 4 === 0 ? wordsOf(pixels) : null;
    for (let y = 0; y < rows.length; y++) {
      let from = ((rows.from + y) * imageWidth + columns.from) * 3;
      let to = slot * channels * height * width + ((rows.to + y) * width + columns.to) * step;
      const end = to + columns.length * step;
      if (channels === 1) placeGrey(pixels, from, table, data, to, end);
      else {
        if (words && from % 4 === 0) {
          const fours = columns.length - (columns.length % 4);
          placeFours(words, from / 4, order, table, data, to, to + fours, channelStep);
          from += 3 * fours;
          to += fours;
        }
        placePixels(pixels, from, order, table, data, to, end, step, channelStep);
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

/** Where the first byte of a word is its lowest. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The bytes as whole words; up to three at the end are left out. */
const wordsOf = ({ buffer, byteOffset, length }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length >> 2);

/**
 * Writes pixels of a row, the three channels in one pass. (Functions of their own, and one for each number of channels: that
 * way they are compiled for what they see.)
 */
function placePixels(
  pixels: Uint8Array,
  from: number,
  [first, second, third]: readonly number[],
  table: Float32Array,
  data: Float32Array | Uint8Array,
  to: number,
  end: number,
  step: number,
  channelStep: number,
): void {
  for (; to < end; to += step, from += 3) {
    data[to] = table[pixels[from + first]];
    data[to + channelStep] = table[256 + pixels[from + second]];
    data[to + 2 * channelStep] = table[512 + pixels[from + third]];
  }
}

/**
 * The same into planes, four pixels at a time: they are three words of four bytes. Reading these takes half of the time, more
 * so in a process in which an array has ever been handed over to a thread: V8 then checks at each access that its array is there.
 */
function placeFours(
  words: Uint32Array,
  at: number,
  order: readonly number[],
  table: Float32Array,
  data: Float32Array | Uint8Array,
  to: number,
  end: number,
  plane: number,
): void {
  // Which channel of the input shows red, green and blue. Each order is its own inverse.
  const [red, green, blue] = order;
  const [r, g, b] = [256 * red, 256 * green, 256 * blue];
  const [toRed, toGreen, toBlue] = [red * plane, green * plane, blue * plane];
  for (; to < end; to += 4, at += 3) {
    const first = words[at];
    const second = words[at + 1];
    const third = words[at + 2];
    data[to + toRed] = table[r + (first & 255)];
    data[to + toGreen] = table[g + ((first >>> 8) & 255)];
    data[to + toBlue] = table[b + ((first >>> 16) & 255)];
    data[to + toRed + 1] = table[r + (first >>> 24)];
    data[to + toGreen + 1] = table[g + (second & 255)];
    data[to + toBlue + 1] = table[b + ((second >>> 8) & 255)];
    data[to + toRed + 2] = table[r + ((second >>> 16) & 255)];
    data[to + toGreen + 2] = table[g + (second >>> 24)];
    data[to + toBlue + 2] = table[b + (third & 255)];
    data[to + toRed + 3] = table[r + ((third >>> 8) & 255)];
    data[to + toGreen + 3] = table[g + ((third >>> 16) & 255)];
    data[to + toBlue + 3] = table[b + (third >>> 24)];
  }
}

/** Writes a row of grey pixels, which have the same number three times. */
function placeGrey(
  pixels: Uint8Array,
  from: number,
  table: Float32Array,
  data: Float32Array | Uint8Array,
  to: number,
  end: number,
): void {
  for (; to < end; to++, from += 3) data[to] = table[pixels[from]];
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
