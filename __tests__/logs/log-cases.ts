import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/**
 * Logs as services and tools write them, of 40 images and 6 classes. docs/logs.md has the table of them.
 */
export interface LogCase {
  /** Who writes it. */
  by: string;
  /** What it writes. */
  form: string;
  file: string;
  content: (logits: number[][]) => string | Uint8Array;
  /** All outputs, the best of them, or the words of the refusal. */
  taken: 'all' | { best: number | [number, number] } | { refused: string };
  /** What is in it, where that is not the logits. */
  shares?: true;
}

export const classes = ['cat', 'dog', 'bird', 'frog', 'horse', 'deer'];

export function softmax(row: number[]): number[] {
  const powers = row.map(Math.exp);
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / total);
}

const ranking = (row: number[]): number[] => row.map((_, j) => j).sort((a, b) => row[b] - row[a]);
const best = (row: number[]): number => ranking(row)[0];
const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');
const named = (row: number[]): Record<string, number> => Object.fromEntries(row.map((value, j) => [classes[j], value]));
const csv = (header: readonly string[] | null, rows: readonly (readonly (string | number)[])[]): string =>
  [...(header ? [header] : []), ...rows].map((cells) => cells.join()).join('\n');
const pairs = (row: number[], k = 6, label = 'label', score = 'score'): object[] =>
  ranking(row)
    .slice(0, k)
    .map((j) => ({ [label]: classes[j], [score]: softmax(row)[j] }));
const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/logs/${name}`, import.meta.url));
const numbered = (stem: string, k: number): string[] => Array.from({ length: k }, (_, i) => `${stem}_${i}`);

export const cases: LogCase[] = [
  {
    by: 'Hugging Face pipelines and endpoints',
    form: '`[{label, score}, …]` a line, sorted by score',
    file: 'hf.jsonl',
    content: (z) => lines(z.map((row) => pairs(row))),
    taken: 'all',
    shares: true,
  },
  {
    by: 'Hugging Face pipelines, a list of images',
    form: 'one document, a list of such lists',
    file: 'hf.json',
    content: (z) =>
      JSON.stringify(
        z.map((row) => pairs(row)),
        null,
        2,
      ),
    taken: 'all',
    shares: true,
  },
  {
    by: 'Hugging Face pipelines, `top_k=3`',
    form: 'three of them a line',
    file: 'hf-top.jsonl',
    content: (z) => lines(z.map((row) => pairs(row, 3))),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'TensorFlow Serving',
    form: '`{predictions: [[…], …]}`',
    file: 'tf.json',
    content: (z) => JSON.stringify({ predictions: z }),
    taken: 'all',
  },
  {
    by: 'TensorFlow Serving, by columns',
    form: '`{outputs: {scores: [[…]], classes: […]}}`',
    file: 'tf-columns.json',
    content: (z) => JSON.stringify({ outputs: { scores: z, classes: z.map(best) } }),
    taken: 'all',
  },
  {
    by: 'Triton, KServe v2',
    form: '`{outputs: [{name, shape, data}]}`, data flat, several images a line',
    file: 'triton.jsonl',
    content: (z) =>
      lines(
        Array.from({ length: 10 }, (_, i) => ({
          model_name: 'resnet',
          outputs: [
            { name: 'logits', datatype: 'FP32', shape: [4, 6], data: z.slice(4 * i, 4 * i + 4).flat() },
            { name: 'class', datatype: 'INT64', shape: [4, 1], data: z.slice(4 * i, 4 * i + 4).map(best) },
          ],
        })),
      ),
    taken: 'all',
  },
  {
    by: 'Triton, classification extension',
    form: '`"0.93:281:tabby"`',
    file: 'triton-top.jsonl',
    content: (z) =>
      lines(
        z.map((row) => ({
          outputs: [
            {
              ...{ name: 'o', datatype: 'BYTES', shape: [1, 3] },
              data: ranking(row)
                .slice(0, 3)
                .map((j) => `${softmax(row)[j]}:${j}:${classes[j]}`),
            },
          ],
        })),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'TorchServe',
    form: '`{tabby: 0.41, …}`, the best alone',
    file: 'torchserve.jsonl',
    content: (z) =>
      lines(
        z.map((row) =>
          Object.fromEntries(
            ranking(row)
              .slice(0, 3)
              .map((j) => [classes[j], softmax(row)[j]]),
          ),
        ),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'SageMaker batch transform',
    form: '`.out`, an array a line',
    file: 'data.csv.out',
    content: (z) => lines(z),
    taken: 'all',
  },
  {
    by: 'Vertex AI batch prediction',
    form: '`{instance, prediction: {displayNames, confidences}}`',
    file: 'vertex.jsonl',
    content: (z) =>
      lines(
        z.map((row) => ({
          instance: { content: 'gs://b/1.jpg', mimeType: 'image/jpeg' },
          prediction: {
            ids: ranking(row).map((j) => `${7000 + j}`),
            displayNames: ranking(row).map((j) => classes[j]),
            confidences: ranking(row).map((j) => softmax(row)[j]),
          },
        })),
      ),
    taken: 'all',
    shares: true,
  },
  {
    by: 'Azure Custom Vision',
    form: '`{predictions: [{tagName, probability}]}`',
    file: 'azure.jsonl',
    content: (z) =>
      lines(z.map((row, i) => ({ id: `${i}`, project: 'p', predictions: pairs(row, 6, 'tagName', 'probability') }))),
    taken: 'all',
    shares: true,
  },
  {
    by: 'AWS Rekognition',
    form: '`{Labels: [{Name, Confidence}]}`, in percent',
    file: 'rekognition.jsonl',
    content: (z) =>
      lines(
        z.map((row) => ({
          Labels: ranking(row)
            .slice(0, 3)
            .map((j) => ({ Name: classes[j], Confidence: 100 * softmax(row)[j], Instances: [], Parents: [] })),
        })),
      ),
    taken: { best: 3 },
  },
  {
    by: 'Google Cloud Vision',
    form: '`{responses: [{labelAnnotations: […]}]}`, those above a score',
    file: 'vision.jsonl',
    content: (z) =>
      lines(
        z.map((row) => ({
          responses: [
            {
              labelAnnotations: ranking(row)
                .filter((j) => softmax(row)[j] > 0.166)
                .map((j) => ({ mid: `/m/${j}`, description: classes[j], score: softmax(row)[j] })),
            },
          ],
        })),
      ),
    taken: { best: [1, 5] },
    shares: true,
  },
  {
    by: 'OpenAI-like `top_logprobs`',
    form: '`{choices: [{logprobs: {content: [{top_logprobs}]}}]}`',
    file: 'openai.jsonl',
    content: (z) =>
      lines(
        z.map((row) => {
          const top = ranking(row)
            .slice(0, 3)
            .map((j) => ({ token: classes[j], logprob: Math.log(softmax(row)[j]), bytes: [99, 97] }));
          return {
            choices: [{ index: 0, logprobs: { content: [{ ...top[0], top_logprobs: top }] } }],
            usage: { total: 9 },
          };
        }),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'timm’s `inference.py`, separate columns',
    form: 'CSV with `index_0, …, label_0, …, prob_0, …`',
    file: 'timm-separate.csv',
    content: (z) =>
      csv(
        ['filename', ...numbered('index', 3), ...numbered('label', 3), ...numbered('prob', 3)],
        z.map((row, i) => {
          const top = ranking(row).slice(0, 3);
          return [`${i}.jpg`, ...top, ...top.map((j) => classes[j]), ...top.map((j) => softmax(row)[j])];
        }),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'timm’s `inference.py`, JSON',
    form: '`{"1.jpg": {index: […], label: […], prob: […]}}`',
    file: 'timm.json',
    content: (z) =>
      JSON.stringify(
        Object.fromEntries(
          z.map((row, i) => {
            const top = ranking(row).slice(0, 3);
            return [
              `${i}.jpg`,
              { index: top, label: top.map((j) => classes[j]), prob: top.map((j) => softmax(row)[j]) },
            ];
          }),
        ),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'mmpretrain',
    form: '`{pred_scores: […], pred_label, pred_score, pred_class}`',
    file: 'mmpretrain.jsonl',
    content: (z) =>
      lines(
        z.map(softmax).map((row) => ({
          ...{ pred_scores: row, pred_label: best(row), pred_score: row[best(row)], pred_class: classes[best(row)] },
        })),
      ),
    taken: 'all',
    shares: true,
  },
  {
    by: 'ultralytics, `to_json`',
    form: '`[{name, class, confidence}, …]`',
    file: 'ultralytics.jsonl',
    content: (z) =>
      lines(
        z.map((row) =>
          ranking(row)
            .slice(0, 3)
            .map((j) => ({ name: classes[j], class: j, confidence: softmax(row)[j] })),
        ),
      ),
    taken: { best: 3 },
    shares: true,
  },
  {
    by: 'scikit-learn through pandas, `to_csv`',
    form: 'CSV with an index and a column a class',
    file: 'sklearn.csv',
    content: (z) =>
      csv(
        ['', ...classes],
        z.map(softmax).map((row, i) => [i, ...row]),
      ),
    taken: 'all',
    shares: true,
  },
  {
    by: 'fastai',
    form: 'CSV with the file, a label and the probabilities',
    file: 'fastai.csv',
    content: (z) =>
      csv(
        ['fname', 'label', ...classes.map((name) => `prob_${name}`)],
        z.map(softmax).map((row, i) => [`${i}.jpg`, best(row), ...row]),
      ),
    taken: 'all',
    shares: true,
  },
  {
    by: 'Excel, a German one',
    form: 'CSV in UTF-16 with semicolons and decimal commas',
    file: 'excel.csv',
    content: (z) =>
      Buffer.from(
        `\uFEFF${[classes, ...z.map((row) => row.map((v) => `${v}`.replace('.', ',')))].map((row) => row.join(';')).join('\r\n')}`,
        'utf16le',
      ),
    taken: 'all',
  },
  {
    by: 'R, `write.csv`',
    form: 'CSV with quoted names and row names',
    file: 'r.csv',
    content: (z) =>
      csv(
        ['""', ...classes.map((name) => `"${name}"`)],
        z.map((row, i) => [`"${i + 1}"`, ...row]),
      ),
    taken: 'all',
  },
  ...(
    [
      ['records', (z) => z.map(named)],
      [
        'columns',
        (z) => Object.fromEntries(classes.map((name, j) => [name, Object.fromEntries(z.map((row, i) => [i, row[j]]))])),
      ],
      ['index', (z) => Object.fromEntries(z.map((row, i) => [i, named(row)]))],
      ['split', (z) => ({ columns: classes, index: z.map((_, i) => i), data: z })],
      [
        'table',
        (z) => ({ schema: { fields: [{ name: 'index' }] }, data: z.map((row, i) => ({ index: i, ...named(row) })) }),
      ],
      ['values', (z) => z],
    ] as [string, (z: number[][]) => unknown][]
  ).map(([orient, make]): LogCase => ({
    by: `pandas, \`to_json(orient='${orient}')\``,
    form: 'one document',
    file: `pandas-${orient}.json`,
    content: (z) => JSON.stringify(make(z)),
    taken: 'all',
  })),
  {
    by: 'pandas, `to_json(lines=True)`, gzip',
    form: 'JSON Lines, `.jsonl.gz`',
    file: 'pandas.jsonl.gz',
    content: (z) => gzipSync(lines(z.map(named))),
    taken: 'all',
  },
  {
    by: 'MLflow',
    form: '`{predictions: [{cat: …}, …]}`',
    file: 'mlflow.json',
    content: (z) => JSON.stringify({ predictions: z.map(named) }),
    taken: 'all',
  },
  {
    by: 'Weights & Biases, a table',
    form: '`{columns, data}` with pictures',
    file: 'predictions.table.json',
    content: (z) =>
      JSON.stringify({
        columns: ['id', 'image', 'pred', ...classes],
        data: z.map((row, i) => [i, { _type: 'image-file', path: `${i}.png` }, classes[best(row)], ...row]),
      }),
    taken: 'all',
  },
  {
    by: 'an API gateway',
    form: '`{statusCode, body}`, the body JSON in text',
    file: 'gateway.jsonl',
    content: (z) => lines(z.map((row) => ({ statusCode: 200, body: JSON.stringify({ logits: [row] }) }))),
    taken: 'all',
  },
  {
    by: 'pandas, `to_parquet`',
    form: 'a column a class',
    file: 'pandas.parquet',
    content: () => fixture('pandas.parquet'),
    taken: 'all',
  },
  {
    by: 'pandas, LZ4',
    form: 'a column a class, and one of nulls alone',
    file: 'nulls.parquet',
    content: () => fixture('nulls.parquet'),
    taken: 'all',
  },
  {
    by: 'pandas and Spark, lists in Parquet',
    form: 'a column of lists beside others, zstd',
    file: 'lists.parquet',
    content: () => fixture('lists.parquet'),
    taken: 'all',
  },
  {
    by: 'polars, `write_parquet`',
    form: 'a column of lists, categories',
    file: 'polars.parquet',
    content: () => fixture('polars.parquet'),
    taken: 'all',
  },
  {
    by: 'Hugging Face data sets, pairs in Parquet',
    form: 'lists of `{label, score}`',
    file: 'pairs.parquet',
    content: () => fixture('pairs.parquet'),
    taken: 'all',
  },
  {
    by: 'NumPy, `savez`',
    form: 'arrays by their names',
    file: 'outputs.npz',
    content: () => fixture('outputs.npz'),
    taken: 'all',
  },
  {
    by: 'Feather, Arrow',
    form: '`to_feather`',
    file: 'frame.feather',
    content: () => fixture('frame.feather'),
    taken: { refused: 'write it as Parquet' },
  },
  {
    by: 'Python’s `print` or `str`',
    form: "`[{'label': 'cat', …`",
    file: 'printed.jsonl',
    content: (z) => z.map((row) => JSON.stringify(pairs(row)).replaceAll('"', "'")).join('\n'),
    taken: { refused: 'printed by Python' },
  },
  {
    by: 'anybody, the best class alone',
    form: '`{label, score}` a line',
    file: 'top1.jsonl',
    content: (z) => lines(z.map((row) => pairs(row, 1)[0])),
    taken: { refused: 'the best class alone' },
  },
  {
    by: 'a detector',
    form: 'scores of boxes, another number of them an image',
    file: 'boxes.jsonl',
    content: (z) => lines(z.map((_, i) => ({ scores: Array.from({ length: 2 + (i % 3) }, (_, k) => 0.9 - k / 7) }))),
    taken: { refused: 'in every record' },
  },
];
