import { FeatReconstructError } from '../base/index.js';

/** A NumPy array of a pickle: a view of its bytes in the file. */
export class PickledArray {
  /** NumPy's name of the type with its byte order: `|u1`, `<f4`. */
  dtype = '';
  shape: number[] = [];
  /** Whether the first axis is the fastest. */
  fortranOrder = false;
  bytes: Uint8Array = new Uint8Array(0);
}

/** What is read from a pickle. Strings of Python 2 are bytes; keys of dictionaries are read as Latin-1. */
export type PickleValue =
  null | boolean | number | string | Uint8Array | PickledArray | PickleValue[] | Map<string, PickleValue>;

/** The only functions and classes that a pickle may name: those that NumPy needs for an array. */
const KNOWN_GLOBALS = [
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'numpy.ndarray',
  'numpy.dtype',
  '_codecs.encode',
];

/** Marks on the stack at most; CIFAR's files have three. */
const MOST_MARKS = 1000;

/** A function or class that the pickle names. */
class Global {
  constructor(readonly name: string) {}
}

/** A number type of NumPy. */
class DType {
  constructor(
    readonly kind: string,
    public byteOrder = '|',
  ) {}
}

type Item = PickleValue | Global | DType | Item[];

/**
 * Reads a pickle of protocol 2 or 3 that holds arrays, lists, dictionaries, strings and integers, as CIFAR's Python
 * files do. Nothing in it is ever run: functions and classes other than NumPy's array are refused by name.
 * Opcodes: Python's Lib/pickletools.py.
 *
 * @throws FeatReconstructError when the pickle is cut short (`damaged`) or names or holds anything else (`bad-input`)
 */
export function readPickle(bytes: Uint8Array, file: string): PickleValue {
  return new Unpickler(bytes, file).read();
}

class Unpickler {
  readonly #bytes: Buffer;
  readonly #file: string;
  #at = 0;
  #stack: Item[] = [];
  readonly #below: Item[][] = []; // stacks under the marks
  readonly #memo = new Map<number, Item>();
  /**
   * Bytes that calls may still make. No honest file makes more than it has; one that does repeats a call to fill
   * memory.
   */
  #bytesLeft: number;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
    this.#bytesLeft = bytes.byteLength;
  }

  read(): PickleValue {
    for (;;) {
      const opcode = String.fromCharCode(this.#uint8());
      if (opcode === '.') return this.#pop() as PickleValue;
      this.#step(opcode);
    }
  }

  #step(opcode: string): void {
    switch (opcode) {
      case '\x80':
        return this.#protocol();
      case 'N':
        return this.#push(null);
      case '\x88':
        return this.#push(true);
      case '\x89':
        return this.#push(false);
      case 'K':
        return this.#push(this.#uint8());
      case 'M':
        return this.#push(this.#take(2).readUInt16LE());
      case 'J':
        return this.#push(this.#take(4).readInt32LE());
      case '\x8a':
        return this.#push(this.#long());
      case 'U':
      case 'C':
        return this.#push(this.#take(this.#uint8()));
      case 'T':
      case 'B':
        return this.#push(this.#take(this.#uint32()));
      case 'X':
        return this.#push(this.#take(this.#uint32()).toString('utf8'));
      case '(':
        if (this.#below.length >= MOST_MARKS) throw this.#error('it nests without end');
        this.#below.push(this.#stack);
        this.#stack = [];
        return;
      case ')':
      case ']':
        return this.#push([]);
      case '\x85':
      case '\x86':
      case '\x87':
        return this.#push(this.#popMany(opcode.charCodeAt(0) - 0x84));
      case 't':
        return this.#push(this.#popToMark());
      case 'a':
        return this.#append([this.#pop()]);
      case 'e':
        return this.#append(this.#popToMark());
      case '}':
        return this.#push(new Map());
      case 's':
        return this.#setItems(this.#popMany(2));
      case 'u':
        return this.#setItems(this.#popToMark());
      case 'q':
        return void this.#memo.set(this.#uint8(), this.#top());
      case 'r':
        return void this.#memo.set(this.#uint32(), this.#top());
      case 'h':
        return this.#recall(this.#uint8());
      case 'j':
        return this.#recall(this.#uint32());
      case 'c':
        return this.#push(this.#global(`${this.#line()}.${this.#line()}`));
      // Read only to refuse by name what it would instantiate.
      case 'i':
        return void this.#global(`${this.#line()}.${this.#line()}`);
      case 'R':
        return this.#push(this.#call(...(this.#popMany(2) as [Item, Item])));
      case 'b':
        return this.#build(this.#pop(), this.#top());
    }
    const code = opcode.charCodeAt(0).toString(16).padStart(2, '0');
    throw this.#error(`it holds something else (opcode 0x${code} at byte ${this.#at - 1})`);
  }

  #protocol(): void {
    const protocol = this.#uint8();
    if (protocol !== 2 && protocol !== 3) throw this.#error(`it is of protocol ${protocol}, expected 2 or 3`);
  }

  /** Refuses what could run code, by name. */
  #global(name: string): Global {
    if (KNOWN_GLOBALS.includes(name)) return new Global(name);
    throw this.#error(`it names '${name}', which is not needed for that and could run code: do not trust this file`);
  }

  #call(callee: Item, args: Item): Item {
    if (!(callee instanceof Global) || !Array.isArray(args)) throw this.#error('it calls what is no function');
    if (callee.name.endsWith('._reconstruct')) return new PickledArray();
    const [first, second] = args;
    if (callee.name === 'numpy.dtype' && asText(first)) return new DType(asText(first)!);
    // How Python 3 writes bytes into protocol 2.
    if (callee.name === '_codecs.encode' && typeof first === 'string' && asText(second) === 'latin1') {
      this.#bytesLeft -= first.length;
      if (this.#bytesLeft < 0) throw this.#error('it asks for more bytes than it has');
      return Buffer.from(first, 'latin1');
    }
    throw this.#error(`it calls ${callee.name} in an unknown way`);
  }

  /** Fills an array or a type from the state that NumPy stored of it. */
  #build(state: Item, target: Item): void {
    if (target instanceof DType && Array.isArray(state) && asText(state[1])) {
      target.byteOrder = asText(state[1])!;
      return;
    }
    if (target instanceof PickledArray && Array.isArray(state)) {
      const [, shape, dtype, fortranOrder, bytes] = state;
      if (
        isShape(shape) &&
        dtype instanceof DType &&
        typeof fortranOrder === 'boolean' &&
        bytes instanceof Uint8Array
      ) {
        target.dtype = dtype.byteOrder + dtype.kind;
        target.shape = shape;
        target.fortranOrder = fortranOrder;
        target.bytes = bytes;
        return;
      }
    }
    throw this.#error('it holds an object that is no plain NumPy array');
  }

  #append(items: Item[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#error('it appends to what is no list');
    for (const item of items) (list as Item[]).push(item);
  }

  #setItems(items: Item[]): void {
    const map = this.#top();
    if (!(map instanceof Map) || items.length % 2 !== 0) throw this.#error('it sets items of what is no dictionary');
    for (let i = 0; i < items.length; i += 2) {
      const key = asText(items[i]);
      if (key === undefined) throw this.#error('it has a dictionary whose keys are no strings');
      map.set(key, items[i + 1] as PickleValue);
    }
  }

  #recall(index: number): void {
    const item = this.#memo.get(index);
    if (item === undefined) throw this.#error(`it recalls item ${index}, which it never stored`);
    this.#push(item);
  }

  #push(item: Item): void {
    this.#stack.push(item);
  }

  #top(): Item {
    if (this.#stack.length === 0) throw this.#error('it takes from an empty stack');
    return this.#stack[this.#stack.length - 1];
  }

  #pop(): Item {
    const item = this.#top();
    this.#stack.pop();
    return item;
  }

  #popMany(count: number): Item[] {
    if (this.#stack.length < count) throw this.#error('it takes from an empty stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): Item[] {
    const items = this.#stack;
    const below = this.#below.pop();
    if (!below) throw this.#error('it goes back to a mark that it never set');
    this.#stack = below;
    return items;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length)
      throw this.#error(`it is cut short at byte ${this.#bytes.length}`, 'damaged');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #uint8(): number {
    return this.#take(1)[0];
  }

  #uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  /** An integer of up to 6 bytes, two's complement; no bytes: 0. */
  #long(): number {
    const bytes = this.#take(this.#uint8());
    if (bytes.length > 6) throw this.#error('it has an integer above 2^47');
    return bytes.length === 0 ? 0 : bytes.readIntLE(0, bytes.length);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const line = this.#take((end < 0 ? this.#bytes.length + 1 : end) - this.#at).toString('utf8');
    this.#at += 1;
    return line;
  }

  #error(what: string, code: 'bad-input' | 'damaged' = 'bad-input'): FeatReconstructError {
    return new FeatReconstructError(
      `${this.#file} is not a pickle of arrays, lists and dictionaries, as CIFAR's are: ${what}.`,
      { code },
    );
  }
}

/** A name, type or key as text, which are short; undefined for anything else. */
function asText(item: Item): string | undefined {
  if (typeof item === 'string') return item;
  return item instanceof Uint8Array && item.length <= 1024 ? Buffer.from(item).toString('latin1') : undefined;
}

function isShape(item: Item): item is number[] {
  return Array.isArray(item) && item.every((size) => typeof size === 'number' && size >= 0);
}
