/** By command: what people call an option, and what the command has instead. */
const guesses: Record<string, readonly (readonly [names: string, instead: string])[]> = {
  audit: [
    [
      'model models source target image images photos data dataset train test input folder csv log',
      'audit takes the model and its images, or a log of outputs, without options: audit model.onnx photos',
    ],
    [
      'top topk top-k k round decimals digits temperature noise interface publish',
      'Set what an interface shows with --observe, as in --observe probs+topk:5+round:2',
    ],
  ],
  inspect: [['model source onnx', 'inspect takes the model without an option: inspect model.onnx']],
  fit: [
    ['logits train-logits input inputs from', 'The input X is --x'],
    ['features train-features output outputs target to', 'The target Y is --y'],
    ['weight weights', 'A weight is a --head'],
  ],
  evaluate: [
    ['model source weight weights onnx', 'The model, or its weight, is the --head'],
    ['y true-features', 'The true features are --truth'],
  ],
  extract: [
    ['data images folder test train', 'The images are the --dataset'],
    ['source', 'The model is --model'],
    ['out output', 'The file to write is the --store'],
  ],
  report: [
    ['html svg png pdf md csv latex', 'The format is --format, as in --format csv or --format pdf'],
    ['tex', 'The format is --format: --format latex'],
  ],
};

/** The same for `run` and `sweep`. */
const ofExperiments = [
  [
    'epochs batch lr learning-rate',
    'The fit is exact; the published recipe beside it is --baseline sgd, with --sgd-epochs and the like',
  ],
  ['data dataset images folder', 'Images to fit on are --train, those to test on are --test'],
  ['name label', 'Names for figures are given when they are drawn: report OUT --name FILE=LABEL'],
  ['format pdf csv latex', 'Figures and tables of finished results are drawn by report: report OUT --format pdf'],
] as const;

/** What a command has in place of an option that it lacks, as one clause; null where nothing is known. */
export function guessFor(command: string, flag: string): string | null {
  const name = flag.replace(/^-+/, '');
  const all = guesses[command] ?? (command === 'run' || command === 'sweep' ? ofExperiments : []);
  return all.find(([names]) => names.split(' ').includes(name))?.[1] ?? null;
}
