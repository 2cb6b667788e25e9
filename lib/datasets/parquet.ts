import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FeatReconstructError } from '../base/index.js';
import { statOrNone } from '../bytes/index.js';
import { sorted } from './layout.js';
import { openParquet } from './parquet-file.js';
import { parquetImages, type DataFile } from './parquet-images.js';
import type { DatasetFormat } from './source.js';

/**
 * Images in a Parquet file, or in the Parquet files of a folder in the order of their names, as data sets of the Hub
 * are kept.
 */
export const parquet: DatasetFormat = {
  name: 'parquet',
  forms: ['parquet:FILE'],
  about: { what: 'images in a Parquet file or a folder of them' },
  async open({ rest }) {
    const place = resolve(rest);
    const isFolder = (await statOrNone(place))?.isDirectory();
    const paths = isFolder
      ? sorted((await readdir(place)).filter((name) => name.endsWith('.parquet') && !name.startsWith('.'))).map(
          (name) => join(place, name),
        )
      : [place];
    if (paths.length === 0) {
      throw new FeatReconstructError(
        `Expected .parquet files in ${place}, found none: name the folder that has them.`,
        {
          code: 'not-found',
        },
      );
    }
    const files: DataFile[] = [];
    for (const path of paths) {
      const file = await openParquet(path);
      await file.close();
      files.push({ path, rows: file.groups.reduce((sum, rows) => sum + rows, 0), isHere: true });
    }
    return parquetImages(files, rest);
  },
};
