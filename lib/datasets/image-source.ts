import { FeatReconstructError, option } from '../base/index.js';
import { formatsRead } from '../images/index.js';
import { cureOfLeftOut, leftOutInWords, type LeftOut, type LeftOutTally } from '../words/index.js';
import type { Layout } from './layout.js';
import type { ExampleSource } from './source.js';
import type { Sample } from './types.js';

/** An image's bytes: the path of its file, the bytes themselves, or what is wrong with them. */
export type Place = string | Uint8Array | FeatReconstructError;

/** Finds images by their paths in a layout; open while samples are read. */
export interface Places {
  /** @returns no promise where nothing has to be read */
  find(path: string): Place | Promise<Place>;
  close(): Promise<void>;
}

/**
 * The examples of a layout.
 * @param nameOf what errors call the image of a path
 * @param open called for each stream of examples
 */
export function imageSource(
  { files, classNames, leftOut, notes }: Layout,
  nameOf: (path: string) => string,
  open: () => Promise<Places>,
): ExampleSource {
  return {
    size: files.length,
    kind: 'images',
    classNames,
    ...(classNames ? { classesAre: 'folders' as const } : {}),
    leftOut: leftOut.result(),
    leftOutNames: leftOut.names,
    notes,
    async *blocks(start, stop) {
      const places = await open();
      const sample = (i: number, place: Place): Sample => {
        const { path, label } = files[i];
        if (place instanceof Error) return { id: path, label, undecodable: place };
        return { id: path, label, encoded: { name: nameOf(path), file: place } };
      };
      try {
        for (let i = start; i < stop; i++) {
          const place = places.find(files[i].path);
          yield [sample(i, place instanceof Promise ? await place : place)];
        }
      } finally {
        await places.close();
      }
    },
  };
}

/** The error where a folder or an archive has no image that is read: it says what there is instead. */
export function noImages(place: string, leftOut: LeftOutTally, asClasses: boolean): FeatReconstructError {
  const unread = leftOut.result();
  if (!unread) {
    const where = asClasses ? ' in subfolders, which are to be its classes' : ', nor have its subfolders';
    return new FeatReconstructError(`${place} has no images (${formatsRead})${where}.`, { code: 'not-found' });
  }
  return new FeatReconstructError(
    `${place} has no images that are read (${formatsRead}, by their endings), only ${leftOutInWords(unread)}: ${cureOfLeftOut(unread)}.`,
    { code: 'not-found' },
  );
}

/** The error where some images are not read, and the caller did not allow leaving them out. */
export function someLeftOut(spec: string, leftOut: LeftOut, names: readonly string[] = []): FeatReconstructError {
  const few = names.map((name) => `'${name}'`).join(', ');
  const first = names.length === 0 ? '' : `, the first ${names.length === 1 ? '' : `${names.length} `}${few}`;
  const isAbsence = Object.keys(leftOut).every((why) => why === 'missing' || why === 'broken link');
  const wanted = isAbsence ? 'be there' : `be a ${formatsRead} by its ending`;
  return new FeatReconstructError(
    `Expected every image of ${spec} to ${wanted}, found ${leftOutInWords(leftOut)}${first}: ${cureOfLeftOut(leftOut)}, or leave them out (${option('skipBadImages')}).`,
  );
}
