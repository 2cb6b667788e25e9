import { list } from './some.js';
import { shortSpec } from './specs.js';

/** Experiments that a run of all leaves out, as data, and the sentence of them. */

/** Why an experiment was left out. */
export interface NotRun {
  experiment: number;
  /** The test sets on which it was not run, where it was run on others. */
  on?: readonly string[];
  why:
    | 'one-model'
    /** Experiment 4 reads every model from every other one. */
    | 'in-4'
    | 'no-test-of-this-kind'
    | 'no-test-of-another-kind'
    /** Test sets are folders or files, as the training set is: their names do not say whether they hold other images. */
    | 'files-of-unknown-kind'
    | 'no-tower'
    /** It is run on test sets of the training set's kind alone, where there are some. */
    | 'another-kind';
}

const reasons: Record<NotRun['why'], string> = {
  'one-model': 'it takes two models or more',
  'in-4': 'experiment 4 holds its pairs',
  'no-test-of-this-kind': 'no test set is of the training set’s kind',
  'no-test-of-another-kind': 'no test set is of another kind than the training set',
  'files-of-unknown-kind':
    'the names of folders and files do not say whether they hold another kind of images; if they do, ‘run 3’ takes them',
  'another-kind': 'these are of another kind than the training set; ‘run N’ alone takes them',
  'no-tower': 'it takes an image tower and its zero-shot head (--target with --text-embeddings or --text-model)',
};

/** One line on the experiments that were not run; null where all were. */
export function notRunInWords(left: readonly NotRun[]): string | null {
  const parts = left.map(
    ({ experiment, why, on }) =>
      `experiment ${experiment}${on ? ` on ${list(on.map(shortSpec))}` : ''}, since ${reasons[why].replace('N', String(experiment))}`,
  );
  return parts.length === 0 ? null : `Not run: ${parts.join('; ')}.`;
}
