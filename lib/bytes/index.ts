/**
 * bytes: files read in ranges and written whole, folders, and the archives that files come in (tar, gzip, zip).
 *
 * Reading: `openBytes` keeps a file open for many reads, `fileOnDisk` opens it for each of a few, `forward.ts` reads
 * streams. `checkRegularFile` and `checkRegular` refuse pipes and devices before anything reads them.
 *
 * Writing: `writeWhole` leaves the old file or the new one, `makeFolder` makes the folder that it goes into,
 * `checkPlace` tries that before long work. `lockFile` gives a file one writer, `removeLeavings` deletes the temporary
 * files of killed processes, `thisProcess` says who writes. `fileError` makes a sentence of the system's error.
 */
export { bytesOf, checkRegularFile, fileError, openBytes, tooLarge, upTo, writeRange, writeWhole } from './files.js';
export type { ByteFile, OpenBytes } from './files.js';
export { checkPlace, makeFolder, removeEmptyFolders } from './folders.js';
export { lockFile } from './lock.js';
export { removeLeavings, temporaryName } from './leavings.js';
export { thisProcess } from './owner.js';
export type { Owner } from './owner.js';
export { parquetBytes, parquetCompressors, parquetFault, parquetMetadata } from './parquet.js';
export { checkRegular, fileOnDisk, notRegular, readRange, readWhole, statOrNone, unreadable } from './ranges.js';
export { MOST_OF_A_MEMBER, indexTar, readTarGz, unpackTarGz } from './tar-files.js';
export type { TarEntry } from './tar.js';
export { openZip } from './zip.js';
export type { Zip, ZipEntry } from './zip.js';
