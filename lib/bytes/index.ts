/**
 * bytes: files read in ranges and written whole, folders, and the archives that files come in (tar, gzip, zip).
 *
 * `openBytes` opens one file for many reads, `fileOnDisk` opens it for each of a few; `forward.ts` reads what only goes forward.
 * `writeWhole` leaves the old file or the new one, `makeFolder` makes what it lies in, `checkPlace` asks before long work,
 * `removeLeavings` takes away what a killed run left, `checkRegularFile` keeps pipes and devices from being read, and `fileError`
 * says in a sentence what the system said. `lockFile` keeps a file to one writer, and `parquetCompressors` unpack the pages of Parquet. `thisProcess` and `isGone` tell whose a file is that only a run at work has.
 */
export { bytesOf, checkRegularFile, fileError, openBytes, tooLarge, upTo, writeRange, writeWhole } from './files.js';
export type { ByteFile, OpenBytes } from './files.js';
export { checkPlace, makeFolder, removeEmptyFolders } from './folders.js';
export { lockFile } from './lock.js';
export type { FileLock, LockOptions } from './lock.js';
export { removeLeavings, temporaryName } from './leavings.js';
export { isGone, thisProcess } from './owner.js';
export type { Owner } from './owner.js';
export { parquetCompressors } from './parquet.js';
export { checkRegular, fileOnDisk, notRegular, readRange, readWhole, statOrNone, unreadable } from './ranges.js';
export { MOST_OF_A_MEMBER, indexTar, readTarGz, unpackTarGz } from './tar-files.js';
export type { TarEntry } from './tar.js';
export { openZip } from './zip.js';
export type { Zip, ZipEntry } from './zip.js';
