import type { InterfaceBound } from './interfaces.js';

/**
 * Points of R² that twice as many images may still bring a reader that is taken to be done. On 720 photographs of six kinds the readers
 * of two MobileNets gain 8 of a top 5 from 20 to 40 images, 4 from 150 to 300, and under 3 from 360 to 720.
 */
const littleGain = 0.03;

/** With fewer images a reader has seen too little, whatever its curve looks like. */
const leastImages = 200;

/** Whether a reader would read clearly more with more images, and about how many would do. */
export interface StillLearning {
  /** Images that it had, those of the fit and those it was judged on. */
  images: number;
  /** Images with which it would hardly gain any more. */
  enough: number;
}

/** What an image set that is twice as large brings a reader now, in R². Null where that is not known. */
function gainOf({ r2, fitted, fewer }: InterfaceBound): number | null {
  return fewer && fitted > fewer.fitted ? (r2 - fewer.r2) / Math.log2(fitted / fewer.fitted) : null;
}

/**
 * Whether the reader of an interface is still learning; null where it is not. The gain of a doubling is taken to fall with the root of
 * the images, which is about what is measured.
 */
export function stillLearning(read: InterfaceBound): StillLearning | null {
  if (read.kind === 'exact') return null;
  const images = read.splits ? read.images : read.images + read.fitted;
  const gain = gainOf(read);
  if (images >= leastImages && gain !== null && gain <= littleGain) return null;
  const times = gain === null ? 2 : Math.max(1, gain / littleGain) ** 2;
  return { images, enough: roundedUp(Math.max(leastImages, times * images)) };
}

/** 523 → 600; an estimate has one digit. */
function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.ceil(value / unit - 1e-9) * unit;
}
