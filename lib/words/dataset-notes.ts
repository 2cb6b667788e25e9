/** What to know of a data set's files, and what was decided on them, as data: `dataset-note-texts.ts` has the sentences. */

/** How a list of images was read. Columns by their names, or by their numbers from 1 where they have none. */
export type ListForm =
  | { kind: 'paths' }
  | { kind: 'paths-and-labels' }
  /** `labels`: null for none; `others`: columns beside that of the paths, without row numbers. */
  | { kind: 'table'; paths: string | number; labels: string | number | null; others: number };

export type DatasetNote =
  /** There are no labels: images in no subfolders. */
  | { kind: 'no-subfolders'; images: number }
  /** There are no labels: images at the top of `place` and below it, in this many folders. */
  | { kind: 'top-and-below'; top: number; below: number; folders: number; place: string }
  /** There are no labels: the subfolders of `place` are splits and no classes. */
  | { kind: 'splits'; images: number; folders: readonly string[]; place: string }
  | { kind: 'classes'; images: number; folders: readonly string[] }
  /** Images beside the subfolders that are classes: passed over. */
  | { kind: 'beside-classes'; images: number }
  /** Files that are not read, beside an image of the same name: passed over. Endings with their points. */
  | { kind: 'beside-images'; files: number; endings: readonly string[] }
  /** Names that an archive has more than once. */
  | { kind: 'repeated-names'; names: number; archive: string }
  /** `unlabelled`: images without a label, where others have one. */
  | { kind: 'list'; images: number; form: ListForm; unlabelled: number }
  /** Of several columns of images or of classes one is read. */
  | { kind: 'image-columns'; columns: readonly string[]; read: string }
  | { kind: 'class-columns'; columns: readonly string[]; read: string }
  /** There are no labels: numbers of classes follow from all files, and not all are here. */
  | { kind: 'unnumbered-classes'; column: string }
  /** The Hub has converted only the first part of a data set. */
  | { kind: 'partly-converted'; dataset: string }
  /** A file has more or fewer images than were published. */
  | { kind: 'file-size'; file: string; images: number; published: number };
