import { expect, test } from '@jest/globals';
import { datasetNoteInWords, type DatasetNote } from '../../lib/words/index.js';
import type { Said } from '../support/said.js';

const table = { kind: 'table', paths: 'path', labels: null, others: 1 } as const;
const list = { kind: 'list', images: 2, unlabelled: 0 } as const;
const many = ['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'];
const size = { kind: 'file-size', file: '/d/test.bin', published: 10000 } as const;

const notes: Said<DatasetNote> = {
  'no-subfolders': [
    [{ kind: 'no-subfolders', images: 1 }, '1 image in no subfolders: no labels.'],
    [{ kind: 'no-subfolders', images: 1200 }, '1,200 images in no subfolders: no labels.'],
  ],
  'top-and-below': [
    [
      { kind: 'top-and-below', top: 1, below: 2, folders: 1, place: 'p' },
      '1 image at the top and 2 in 1 subfolder are read together, without labels: imagefolder:p takes the subfolders as classes and skips the images beside them.',
    ],
    [
      { kind: 'top-and-below', top: 2, below: 1, folders: 3, place: 'p' },
      '2 images at the top and 1 in 3 subfolders are read together, without labels: imagefolder:p takes the subfolders as classes and skips the images beside them.',
    ],
  ],
  splits: [
    [
      { kind: 'splits', images: 2, folders: ['test'], place: 'p' },
      '2 images in 1 subfolder that is a split and no classes (test): read together, without labels. For the classes in it give p/test.',
    ],
    [
      { kind: 'splits', images: 3, folders: ['train', 'val'], place: 'p' },
      '3 images in 2 subfolders that are splits and no classes (train, val): read together, without labels. For the classes in it give p/train.',
    ],
  ],
  classes: [
    [
      { kind: 'classes', images: 4, folders: ['cat', 'dog'] },
      '4 images in 2 subfolders, which are taken as classes (cat, dog). Accuracy can be told only if they are classes of the model.',
    ],
    [
      { kind: 'classes', images: 11, folders: many },
      '11 images in 11 subfolders, which are taken as classes (0, 1, 10, 2, 3, …, 9). Accuracy can be told only if they are classes of the model.',
    ],
  ],
  'beside-classes': [[{ kind: 'beside-classes', images: 1 }, '1 image beside them skipped.']],
  'beside-images': [
    [
      { kind: 'beside-images', files: 2, endings: ['.heic', '.cr2'] },
      '2 files (.heic, .cr2) beside an image of the same name: taken for the same picture, and skipped.',
    ],
    [
      { kind: 'beside-images', files: 1, endings: ['.heic'] },
      '1 file (.heic) beside an image of the same name: taken for the same picture, and skipped.',
    ],
  ],
  'repeated-names': [
    [
      { kind: 'repeated-names', names: 1200, archive: 'a.tar' },
      '1,200 names are in a.tar more than once: the last of each counts, as if it were unpacked.',
    ],
  ],
  list: [
    [{ ...list, images: 1, form: { kind: 'paths' } }, '1 image, a path on each line.'],
    [
      { ...list, form: { kind: 'paths-and-labels' }, unlabelled: 1 },
      '2 images, a path and a label on each line, 1 of them without a label.',
    ],
    [{ ...list, form: { ...table, others: 0 } }, "2 images, a table: paths from column 'path'."],
    [
      { ...list, form: { ...table, labels: 'y' } },
      "2 images, a table: paths from column 'path', labels from column 'y'.",
    ],
    [
      { ...list, form: { ...table, paths: 1, labels: 2 } },
      '2 images, a table: paths from column 1, labels from column 2.',
    ],
    [
      { ...list, form: { ...table, others: 2 } },
      "2 images, a table: paths from column 'path', no labels, since none of the others is called 'label'.",
    ],
  ],
  'image-columns': [
    [
      { kind: 'image-columns', columns: ['mask', 'image'], read: 'image' },
      "Of the columns of images 'mask', 'image', 'image' is read.",
    ],
  ],
  'class-columns': [
    [
      { kind: 'class-columns', columns: ['coarse', 'fine'], read: 'fine' },
      "Of the columns of classes 'coarse', 'fine', 'fine' is read.",
    ],
  ],
  'unnumbered-classes': [
    [
      { kind: 'unnumbered-classes', column: 'label' },
      "The column 'label' names classes without numbers, which follow from all files of the split; not all are here: no labels.",
    ],
  ],
  'partly-converted': [
    [
      { kind: 'partly-converted', dataset: 'hf:maker/fruit:train' },
      'The Hub has converted only the first part of hf:maker/fruit:train to Parquet: that part is read.',
    ],
  ],
  'file-size': [
    [
      { ...size, images: 1 },
      '/d/test.bin has 1 image, expected 10,000: it is cut short, or a part of the published file. Those that are there are taken; download it again for all of them.',
    ],
    [
      { ...size, images: 10001 },
      '/d/test.bin has 10,001 images, expected 10,000: it is not the published file. Those that are there are taken; download it again for all of them.',
    ],
  ],
};

test.each(Object.values(notes).flat())('%j', (note, sentence) => expect(datasetNoteInWords(note)).toBe(sentence));
