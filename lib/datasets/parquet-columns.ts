import type { FileMetaData, SchemaTree } from 'hyparquet';
import { FeatReconstructError } from '../base/index.js';
import type { DatasetNote } from '../words/index.js';

/** The columns of a Parquet file that make an image data set. */
export interface ImageColumns {
  /** Name of the column of images: structs of bytes and path, as the library datasets writes them, or bytes. */
  image: string;
  /** Null where no column has classes. */
  label: LabelColumn | null;
  /** What was decided. */
  notes: DatasetNote[];
}

interface LabelColumn {
  name: string;
  /** `index`: class indices, into `names` if these are known; `text`: names of classes. */
  kind: 'index' | 'text';
  names?: readonly string[];
}

/** What the library datasets says of a column. */
interface Feature {
  _type?: unknown;
  names?: unknown;
}

const imageNames = ['image', 'img', 'jpg', 'jpeg', 'png', 'webp', 'picture', 'pixel_values'];
const labelNames = ['label', 'labels', 'fine_label', 'class', 'cls', 'target', 'category', 'y'];

/**
 * The columns of images and labels: as the library datasets marks them, else by type and name.
 * @throws FeatReconstructError for no images
 */
export async function imageColumns(metadata: FileMetaData, place: string): Promise<ImageColumns> {
  const { parquetSchema } = await import('hyparquet');
  const columns = parquetSchema(metadata).children;
  const features = featuresOf(metadata);
  const typeOf = (column: SchemaTree): unknown => features[column.element.name]?._type;
  const named = columns.filter((column) => typeOf(column) === 'Image');
  const images =
    named.length > 0 ? named : columns.filter((column) => typeOf(column) === undefined && mayBeImages(column));
  const notes: DatasetNote[] = [];
  const image = first(images, imageNames);
  if (!image) {
    const found = columns.map((column) => `${column.element.name}${typeInWords(column, typeOf(column))}`).join(', ');
    throw new FeatReconstructError(
      `Expected a column of images (bytes of PNG or JPEG) in ${place}, found ${found || 'no columns'}: it is no image data set, or its images are kept elsewhere.`,
    );
  }
  if (images.length > 1) notes.push({ kind: 'image-columns', columns: namesOf(images), read: image.element.name });
  const label = labelOf(columns, features, notes);
  return { image: image.element.name, label, notes };
}

function labelOf(
  columns: readonly SchemaTree[],
  features: Record<string, Feature>,
  notes: DatasetNote[],
): LabelColumn | null {
  const classes = columns.filter((column) => features[column.element.name]?._type === 'ClassLabel');
  if (classes.length > 0) {
    const column = first(classes, labelNames)!;
    const { name } = column.element;
    const { names } = features[name];
    if (classes.length > 1) notes.push({ kind: 'class-columns', columns: namesOf(classes), read: name });
    const isNamed = Array.isArray(names) && names.every((each) => typeof each === 'string');
    return { name, kind: 'index', ...(isNamed ? { names: names as string[] } : {}) };
  }
  const column = labelNames
    .map((name) => columns.find((each) => each.element.name.toLowerCase() === name))
    .find(Boolean);
  if (!column || column.children.length > 0) return null;
  const { name, type } = column.element;
  if (isText(column)) return { name, kind: 'text' };
  return type === 'INT32' || type === 'INT64' || type === 'BOOLEAN' ? { name, kind: 'index' } : null;
}

/** What the library datasets says of each column, in the file's metadata under `huggingface`. */
function featuresOf({ key_value_metadata }: FileMetaData): Record<string, Feature> {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    const { info } = JSON.parse(text ?? '{}') as { info?: { features?: Record<string, Feature> } };
    return info?.features ?? {};
  } catch {
    return {};
  }
}

function mayBeImages(column: SchemaTree): boolean {
  const bytes = column.children.find(({ element }) => element.name === 'bytes');
  if (bytes) return isBytes(bytes);
  return isBytes(column);
}

const isBytes = (column: SchemaTree): boolean =>
  column.children.length === 0 &&
  column.element.type === 'BYTE_ARRAY' &&
  !isText(column) &&
  !column.element.converted_type;

function isText({ element }: SchemaTree): boolean {
  const { type, converted_type, logical_type } = element;
  return (
    type === 'BYTE_ARRAY' && (converted_type === 'UTF8' || converted_type === 'ENUM' || logical_type?.type === 'STRING')
  );
}

/** The column whose name comes first among the known ones, else the first column. */
const first = (columns: readonly SchemaTree[], known: readonly string[]): SchemaTree | undefined =>
  known.map((name) => columns.find(({ element }) => element.name.toLowerCase() === name)).find(Boolean) ?? columns[0];

const namesOf = (columns: readonly SchemaTree[]): string[] => columns.map(({ element }) => element.name);

const typeInWords = (column: SchemaTree, type: unknown): string =>
  ` (${typeof type === 'string' ? type : isText(column) ? 'text' : column.children.length > 0 ? 'nested' : (column.element.type ?? '?')})`;
