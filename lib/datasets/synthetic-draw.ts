import { abs, floor, max, min, sqrt, type Uniform } from '../base/index.js';
import type { RgbImage } from '../images/index.js';
import { between, direction } from './synthetic-random.js';

/**
 * Textured shapes, 32 x 32. Only sums, products, quotients and square roots are used: IEEE 754 fixes their every bit,
 * so that the same numbers give the same bytes on every platform.
 */

const SIDE = 32;

/** How far inside a shape of radius about 1 the point (u, v) lies; negative outside. */
type Shape = (u: number, v: number) => number;

const shapes: Readonly<Record<string, Shape>> = {
  disc: (u, v) => 0.95 - sqrt(u * u + v * v),
  ring: (u, v) => 0.28 - abs(sqrt(u * u + v * v) - 0.72),
  crescent: (u, v) => min(1 - sqrt(u * u + v * v), sqrt((u - 0.55) * (u - 0.55) + v * v) - 0.62),
  triangle: (u, v) => 0.55 - max(v, 0.8660254037844386 * abs(u) - 0.5 * v),
  square: (u, v) => 0.82 - max(abs(u), abs(v)),
  cross: (u, v) => max(min(0.36 - abs(u), 1 - abs(v)), min(1 - abs(u), 0.36 - abs(v))),
};

/** A pattern of period 1 in both of its coordinates, from −1 to 1. */
type Texture = (p: number, q: number) => number;

const textures: Readonly<Record<string, Texture>> = {
  plain: () => 0,
  striped: (p) => wave(p),
  checked: (p, q) => clamp(4 * wave(p) * wave(q), -1, 1),
  dotted: (p, q) => {
    const x = p - floor(p) - 0.5;
    const y = q - floor(q) - 0.5;
    return clamp(6 * (0.36 - sqrt(x * x + y * y)), -1, 1);
  },
};

const shapeNames = Object.keys(shapes);
const textureNames = Object.keys(textures);

/** Names of the classes by label: `plain disc` to `dotted cross`. */
export const syntheticClasses: readonly string[] = shapeNames.flatMap((shape) =>
  textureNames.map((texture) => `${texture} ${shape}`),
);

/** What varies from image to image besides the class, each in [low, high), in pixels or grey levels. */
export interface Variety {
  /** Of the shape. */
  radius: readonly [number, number];
  /** Of the shape's middle from the image's, along each axis, to either side. */
  offset: number;
  /** Of the texture, in pixels. */
  period: readonly [number, number];
  /** By how much the texture differs from the shape's colour, to either side. */
  depth: readonly [number, number];
  /** Each channel of the ground's colour. */
  ground: readonly [number, number];
  /** Each channel of the shape's colour. */
  front: readonly [number, number];
  /** By how much the ground's soft blotches differ from its colour, to either side. */
  blotches: number;
  /** How many bars cross the picture. */
  bars: number;
  noise: readonly [number, number];
}

/** An image of the class `label`; everything else is drawn from `random`. */
export function drawSynthetic(label: number, random: Uniform, variety: Variety): RgbImage {
  const shape = shapes[shapeNames[floor(label / textureNames.length)]];
  const texture = textures[textureNames[label % textureNames.length]];
  const middle = (SIDE - 1) / 2;
  const x0 = middle + between(random, -variety.offset, variety.offset);
  const y0 = middle + between(random, -variety.offset, variety.offset);
  const radius = between(random, ...variety.radius);
  const [ux, uy] = direction(random);
  const period = between(random, ...variety.period);
  const [px, py] = direction(random);
  const [phaseP, phaseQ] = [random(), random()];
  const depth = between(random, ...variety.depth);
  const ground = rgb(random, variety.ground);
  const colour = rgb(random, variety.front);
  const tint = [0, 1, 2].map(() => depth * between(random, 0.6, 1));
  const blotch = blotches(random, variety.blotches);
  const bars = Array.from({ length: variety.bars }, () => bar(random));
  const [lightX, lightY] = direction(random);
  const light = between(random, 0, 0.35) / SIDE;
  const noise = between(random, ...variety.noise);

  const data = new Uint8Array(3 * SIDE * SIDE);
  for (let y = 0, at = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const dx = x - x0;
      const dy = y - y0;
      // Within half a pixel of the outline, ground and shape are mixed.
      const inside = clamp(radius * shape((dx * ux + dy * uy) / radius, (dy * ux - dx * uy) / radius) + 0.5, 0, 1);
      const pattern =
        inside > 0 ? texture((dx * px + dy * py) / period + phaseP, (dy * px - dx * py) / period + phaseQ) : 0;
      const soft = blotch(x, y);
      const shade = 1 + light * ((x - middle) * lightX + (y - middle) * lightY);
      const over = bars.find((each) => each.covers(x, y));
      for (let channel = 0; channel < 3; channel++, at++) {
        const behind = ground[channel] + soft;
        const front = colour[channel] + pattern * tint[channel];
        const value = over ? over.colour[channel] : behind + (front - behind) * inside;
        data[at] = clamp(value * shade + noise * (2 * random() - 1), 0, 255);
      }
    }
  }
  return { width: SIDE, height: SIDE, data };
}

/** A random colour, each channel in a range of grey levels. */
const rgb = (random: Uniform, range: readonly [number, number]): number[] =>
  [0, 1, 2].map(() => between(random, ...range));

/** Random values on a grid of 5 x 5, with bilinear interpolation between them. */
function blotches(random: Uniform, height: number): (x: number, y: number) => number {
  const cells = 4;
  const grid = Array.from({ length: (cells + 1) * (cells + 1) }, () => between(random, -height, height));
  return (x, y) => {
    const column = floor((x * cells) / SIDE);
    const row = floor((y * cells) / SIDE);
    const fx = (x * cells) / SIDE - column;
    const fy = (y * cells) / SIDE - row;
    const at = row * (cells + 1) + column;
    const above = grid[at] + (grid[at + 1] - grid[at]) * fx;
    const below = grid[at + cells + 1] + (grid[at + cells + 2] - grid[at + cells + 1]) * fx;
    return above + (below - above) * fy;
  };
}

/** A straight bar across the whole picture. */
function bar(random: Uniform): { colour: number[]; covers(x: number, y: number): boolean } {
  const [nx, ny] = direction(random);
  const [x0, y0] = [between(random, 4, SIDE - 4), between(random, 4, SIDE - 4)];
  const half = between(random, 0.5, 1.2);
  return { colour: rgb(random, [20, 235]), covers: (x, y) => abs((x - x0) * nx + (y - y0) * ny) < half };
}

/** A triangle wave of period 1, from −1 to 1. */
function wave(p: number): number {
  return 4 * abs(p - floor(p) - 0.5) - 1;
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
