/**
 * bytes: files read in ranges and written whole, folders, and the archives that files come in (tar, gzip, zip).
 *
 * Reading: `openBytes` keeps a file open for many reads, `fileOnDisk` opens it for each of a few, `forward.ts` reads
 * streams. `checkRegularFile` and `checkRegular` refuse pipes and devices before anything reads them.
 *
 * Writing: `writeWhole` leaves the old file or the new one, `makeFolder` makes the folder that it goes into,
 * `checkPlace` tries that before long work. `lockFile` gives a file one writer, `removeLeavings` deletes the temporary
 * files of killed processes, `thisProcess` says who writes. `fileError` makes a sentence of the system's error.
 *
 * A path may also be the name of an object, `s3://bucket/key`: `openBytes`, `writeWhole`, `checkPlace` and what is in `places.ts` take
 * both. Locks and files that grow are on disk only: `workFile` says where, and `upload` makes an object of what was finished there.
 */
export { tooLarge } from './byte-file.js';
export type { ByteFile, OpenBytes } from './byte-file.js';
export { bytesOf, checkRegularFile, fileError, openBytes, upTo, writeRange, writeWhole } from './files.js';

export { checkPlace, makeFolder, makeFolderOf, removeEmptyFolders } from './folders.js';
export { lockFile } from './lock.js';
export { removeLeavings, temporaryName } from './leavings.js';
export { checkOnDisk, inFolder, isObject } from './object-name.js';
export { thisProcess } from './owner.js';
export type { Owner } from './owner.js';
export { parquetBytes, parquetCompressors, parquetFault, parquetMetadata } from './parquet.js';
export { cacheFolder, isFolderAt, isThere, namesIn, stateOf, upload, workFile } from './places.js';
export { checkRegular, fileOnDisk, notRegular, readRange, readWhole, statOrNone, unreadable } from './ranges.js';
export { MOST_OF_A_MEMBER, indexTar, readTarGz, unpackTarGz } from './tar-files.js';
export type { TarEntry } from './tar.js';
export { openZip } from './zip.js';
export type { Zip, ZipEntry } from './zip.js';
