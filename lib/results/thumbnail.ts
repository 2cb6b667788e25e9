/** Most pixels of a side: a file of a few bytes may hold a picture that no browser has room for. */
const most = 256;

const start = 'data:image/png;base64,';

/** A PNG file's signature and the head of its first chunk, IHDR. */
const signature = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');

/**
 * Whether a text from a results.json is a picture that a page may show: a small PNG as a data URI, and nothing else.
 */
export function isThumbnail(text: string): boolean {
  if (text.length > 100_000 || !text.startsWith(start) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text.slice(start.length))) {
    return false;
  }
  const bytes = Buffer.from(text.slice(start.length), 'base64');
  if (bytes.length < signature.length + 8 || !bytes.subarray(0, signature.length).equals(signature)) return false;
  return [0, 4].every((offset) => {
    const size = bytes.readUInt32BE(signature.length + offset);
    return size > 0 && size <= most;
  });
}
