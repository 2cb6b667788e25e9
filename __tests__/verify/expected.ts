/** A row of expected.json: the same question, answered by other means from another extraction. */
export interface ExpectedRow {
  experiment: number;
  transform: 'protocol' | 'own';
  from: 'logits' | 'features';
  source: string;
  target: string;
  train: string;
  test: string;
  nTrain: number;
  nTest: number;
  prior: 'head' | null;
  agreed: number;
  rank: number;
  r2: number;
  r2RowSpace: number;
  inSpanShare: number;
}

/** How expected.json calls our data sets. The first 500 images are told from the first 10,000 by their number. */
const names: Record<string, string> = {
  'cifar10:train': 'cifar10_train',
  'cifar10:test': 'cifar10_test',
  'cifar100:train': 'cifar100_train',
  'cifar100:train[0:10000]': 'cifar100_train-0_10000',
  'cifar100:train[0:500]': 'cifar100_train-0_10000',
  'cifar100:test': 'cifar100_test',
  scenes: 'scenes_all',
};

export type ExpectedKey = Pick<
  ExpectedRow,
  'experiment' | 'transform' | 'from' | 'source' | 'target' | 'train' | 'test' | 'nTrain' | 'prior'
>;

/** The row for a question in our words, null where expected.json has none. */
export function findExpected(rows: readonly ExpectedRow[], key: ExpectedKey): ExpectedRow | null {
  const wanted = { ...key, train: names[key.train], test: names[key.test] };
  const found = rows.filter((row) =>
    Object.entries(wanted).every(([name, value]) => row[name as keyof ExpectedRow] === value),
  );
  if (found.length > 1) throw new Error(`expected.json has ${found.length} rows for ${JSON.stringify(wanted)}`);
  return found[0] ?? null;
}
