export interface Reader {
  /** Of a file's name. */
  ending: string;
  read(path: string): Promise<unknown>;
  seeds: string[];
}
export const readers: Record<string, Reader>;
