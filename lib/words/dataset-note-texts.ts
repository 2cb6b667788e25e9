/** The sentences on a data set's files. */
import { count } from '../base/index.js';
import type { DatasetNote, ListForm } from './dataset-notes.js';
import { imageCount } from './image-count.js';

/** One note, in a sentence or two. */
export function datasetNoteInWords(note: DatasetNote): string {
  switch (note.kind) {
    case 'no-subfolders':
      return `${imageCount(note.images)} in no subfolders: no labels.`;
    case 'top-and-below': {
      const { top, below, folders, place } = note;
      return `${imageCount(top)} at the top and ${count(below)} in ${subfolders(folders)} are read together, without labels: imagefolder:${place} takes the subfolders as classes and skips the images beside them.`;
    }
    case 'splits': {
      const { folders, place } = note;
      return `${imagesIn(note)} that ${folders.length === 1 ? 'is a split' : 'are splits'} and no classes (${folders.join(', ')}): read together, without labels. For the classes in it give ${place}/${folders[0]}.`;
    }
    case 'classes':
      return `${imagesIn(note)}, which are taken as classes (${shortList(note.folders)}). Accuracy can be told only if they are classes of the model.`;
    case 'beside-classes':
      return `${imageCount(note.images)} beside them skipped.`;
    case 'beside-images':
      return `${count(note.files)} ${note.files === 1 ? 'file' : 'files'} (${note.endings.join(', ')}) beside an image of the same name: taken for the same picture, and skipped.`;
    case 'repeated-names':
      return `${count(note.names)} names are in ${note.archive} more than once: the last of each counts, as if it were unpacked.`;
    case 'list': {
      const without = note.unlabelled > 0 ? `, ${count(note.unlabelled)} of them without a label` : '';
      return `${imageCount(note.images)}, ${listForm(note.form)}${without}.`;
    }
    case 'image-columns':
      return `Of the columns of images ${quoted(note.columns)}, '${note.read}' is read.`;
    case 'class-columns':
      return `Of the columns of classes ${quoted(note.columns)}, '${note.read}' is read.`;
    case 'unnumbered-classes':
      return `The column '${note.column}' names classes without numbers, which follow from all files of the split; not all are here: no labels.`;
    case 'partly-converted':
      return `The Hub has converted only the first part of ${note.dataset} to Parquet: that part is read.`;
    case 'file-size':
      return fileSize(note);
  }
}

const subfolders = (n: number): string => `${count(n)} ${n === 1 ? 'subfolder' : 'subfolders'}`;

const imagesIn = (note: { images: number; folders: readonly string[] }): string =>
  `${imageCount(note.images)} in ${subfolders(note.folders.length)}`;

const shortList = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 5).join(', ')}, …, ${names[names.length - 1]}` : names.join(', ');

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

function listForm(form: ListForm): string {
  switch (form.kind) {
    case 'paths':
      return 'a path on each line';
    case 'paths-and-labels':
      return 'a path and a label on each line';
    case 'table': {
      const without = form.others > 1 ? `, no labels, since none of the others is called 'label'` : '';
      const labels = form.labels === null ? without : `, labels from column ${called(form.labels)}`;
      return `a table: paths from column ${called(form.paths)}${labels}`;
    }
  }
}

const called = (column: string | number): string => (typeof column === 'string' ? `'${column}'` : `${column}`);

/** Cut at the end of a record a file looks whole; or it was made smaller on purpose. */
function fileSize({ file, images, published }: Extract<DatasetNote, { kind: 'file-size' }>): string {
  const what = images < published ? 'it is cut short, or a part of the published file' : 'it is not the published file';
  return `${file} has ${imageCount(images)}, expected ${count(published)}: ${what}. Those that are there are taken; download it again for all of them.`;
}
