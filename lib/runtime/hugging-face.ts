import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { makeTransform, type Interpolation, type TransformSpec } from '../images/index.js';

/** Where exporters of Hugging Face put a model within its folder. */
const places = ['model.onnx', path.join('onnx', 'model.onnx')];

/** The file of a model that was given as a folder; any other path as it is. @throws FeatReconstructError for a folder without one */
export async function modelFileOf(model: string): Promise<string> {
  const isFolder = await stat(model).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return model;
  for (const place of places) {
    const file = path.join(model, place);
    const isThere = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) return file;
  }
  const others = (await readdir(model)).filter((name) => name.endsWith('.onnx')).sort();
  throw new FeatReconstructError(
    others.length > 0
      ? `Expected an .onnx file at ${model}, found a folder with ${others.slice(0, 5).join(', ')}: name one of them.`
      : `Expected an .onnx file at ${model}, or a folder that holds ${places.join(' or ')}, found a folder without: check the path, or export a model into it (optimum-cli export onnx).`,
  );
}

/** What the files beside a model say of its images. */
export interface Beside {
  /** Height and width; null where nothing is said. */
  imageSize: [number, number] | null;
  /** What its processor does, as far as it can be followed; null where nothing is said. */
  transform: TransformSpec | null;
  /** The folder's name, where transformers' files are there: all of its models are called `model.onnx`. */
  name: string | null;
  notes: string[];
}

/**
 * Reads `preprocessor_config.json` and `config.json` beside a model, or above its folder `onnx`, as transformers writes
 * them.
 * @throws FeatReconstructError where one of them is no JSON
 */
export async function besideModel(file: string): Promise<Beside> {
  const dir = path.dirname(file);
  const folders = path.basename(path.resolve(dir)) === 'onnx' ? [dir, path.dirname(dir)] : [dir];
  const processor = await firstJson(folders, 'preprocessor_config.json');
  const config = await firstJson(folders, 'config.json');
  const own = folders[folders.length - 1];
  const name = config && path.parse(file).name === 'model' ? path.basename(path.resolve(own)) : null;
  const beside: Beside = { imageSize: null, transform: null, name: name || null, notes: [] };
  if (processor) {
    const read = followed(processor.value as Processor);
    if ('why' in read) {
      beside.notes.push(
        `${path.basename(processor.file)} beside the model is not followed: ${read.why}. Name the transform yourself.`,
      );
    } else {
      Object.assign(beside, read);
      beside.notes.push(
        `${path.basename(processor.file)} beside the model states the transform and the size of the images.`,
      );
      if (read.transform?.name === 'timm') {
        beside.notes.push('Where an odd number of pixels is cut off, transformers’ own crop lies one pixel beside.');
      }
    }
  }
  beside.imageSize ??= sidesOf((config?.value as { image_size?: unknown } | undefined)?.image_size);
  return beside;
}

async function firstJson(folders: readonly string[], name: string): Promise<{ file: string; value: unknown } | null> {
  for (const folder of folders) {
    const file = path.join(folder, name);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch {
      continue;
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null) return { file, value };
    } catch {
      // Said below.
    }
    throw new FeatReconstructError(
      `Expected JSON in ${file}, found none: it stands beside the model and would state its transform. Copy it again or take it away.`,
    );
  }
  return null;
}

/** The fields of transformers' image processors that say what becomes of an image. */
interface Processor {
  do_resize?: boolean;
  size?: unknown;
  resample?: number;
  do_center_crop?: boolean;
  crop_size?: unknown;
  crop_pct?: number;
  do_rescale?: boolean;
  rescale_factor?: number;
  do_normalize?: boolean;
  image_mean?: number[];
  image_std?: number[];
}

/** Pillow's filters by number. */
const filters: Record<number, Interpolation> = { 0: 'nearest', 2: 'bilinear', 3: 'bicubic' };

/** Below this a ConvNeXt's processor crops, from there on it squashes (transformers, image_processing_convnext.py). */
const cropsBelow = 384;

function followed(processor: Processor): Pick<Beside, 'imageSize' | 'transform'> | { why: string } {
  const { do_resize = true, do_center_crop = false, do_rescale = true, do_normalize = true } = processor;
  const { resample = 2, rescale_factor = 1 / 255, crop_pct } = processor;
  if (!do_resize) return { why: 'it does not resize' };
  if (!do_rescale || Math.abs(255 * rescale_factor - 1) > 1e-6) return { why: 'it does not scale pixels to 0 to 1' };
  if (!Object.hasOwn(filters, resample)) return { why: `it resizes by Pillow's filter ${resample}, which is not read` };
  const numbers = {
    mean: do_normalize ? tripleOf(processor.image_mean) : ([0, 0, 0] as const),
    std: do_normalize ? tripleOf(processor.image_std) : ([1, 1, 1] as const),
  };
  if (!numbers.mean || !numbers.std) return { why: 'it normalises by no three numbers' };
  const interpolation = filters[resample];
  const normal = { mean: [...numbers.mean], std: [...numbers.std], interpolation } as Omit<TransformSpec, 'name'>;
  const shorter = edgeOf(processor.size);
  const squashed = shorter === null ? sidesOf(processor.size) : null;
  const cropped = do_center_crop ? sidesOf(processor.crop_size) : null;
  if (shorter !== null && crop_pct !== undefined) {
    const size: [number, number] = [shorter, shorter];
    return shorter < cropsBelow
      ? checked({ imageSize: size, transform: { name: 'timm', cropPct: crop_pct, ...normal } })
      : checked({ imageSize: size, transform: { name: 'upsample', ...normal } });
  }
  if (squashed && !do_center_crop) return checked({ imageSize: squashed, transform: { name: 'upsample', ...normal } });
  if (shorter !== null && cropped && cropped[0] === cropped[1]) {
    // The share that comes to this size again when it is rounded down.
    const cropPct = cropped[0] / (shorter + 0.5);
    return cropPct <= 1
      ? checked({ imageSize: cropped, transform: { name: 'timm', cropPct, ...normal } })
      : { why: 'it crops more than it resizes to' };
  }
  return { why: 'how it resizes and crops has no counterpart here' };
}

function checked(read: { imageSize: [number, number]; transform: TransformSpec }): typeof read | { why: string } {
  try {
    makeTransform(read.transform, read.imageSize);
    return read;
  } catch (error) {
    return { why: (error as Error).message };
  }
}

/** `{ height, width }`, a list of two, or one number for both. */
function sidesOf(size: unknown): [number, number] | null {
  const { height, width } = (size ?? {}) as { height?: unknown; width?: unknown };
  const sides = typeof size === 'number' ? [size, size] : Array.isArray(size) ? size : [height, width];
  const isSize = sides.length === 2 && sides.every((side) => Number.isInteger(side) && (side as number) > 0);
  return isSize ? [sides[0] as number, sides[1] as number] : null;
}

const edgeOf = (size: unknown): number | null => {
  const edge = ((size ?? {}) as { shortest_edge?: unknown }).shortest_edge;
  return Number.isInteger(edge) && (edge as number) > 0 ? (edge as number) : null;
};

const tripleOf = (values: unknown): [number, number, number] | null =>
  Array.isArray(values) && values.length === 3 && values.every((value) => Number.isFinite(value))
    ? (values as [number, number, number])
    : null;
