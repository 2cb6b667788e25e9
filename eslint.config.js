import tseslint from 'typescript-eslint';

// One room may import another only through its index, and only rooms above it (docs/design.md). Rooms are flat folders.
const rooms = [
  'base',
  'words',
  'bytes',
  'hub',
  'tensor',
  'images',
  'datasets',
  'onnx',
  'doctor',
  'models',
  'runtime',
  'linalg',
  'extract',
  'logs',
  'fit',
  'shards',
  'sgd',
  'evaluate',
  'leaks',
  'results',
  'experiments',
  'report',
  'cli',
];

const roomMessage = 'Rooms import only the index of rooms above them.';
const runtimeMessage = 'Only lib/runtime imports ONNX Runtime.';
/** The same rule for `import … from` and for `import(…)`, which ESLint has no common rule for. */
const order = rooms.map((room, i) => {
  const above = rooms.slice(0, i).join('|') || '(?!)';
  const bans = [{ regex: `^\\.\\.(?!/(${above})/index\\.js$)`, message: roomMessage }];
  if (room !== 'runtime') bans.push({ regex: '^onnxruntime', message: runtimeMessage });
  return {
    files: [`lib/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: bans }],
      'no-restricted-syntax': [
        'error',
        ...bans.map(({ regex, message }) => ({
          selector: `:matches(ImportExpression, TSImportType) Literal[value=/${regex.replaceAll('/', '\\u002F')}/]`,
          message,
        })),
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist', 'docs/api', 'coverage', 'out', '__tests__/fixtures'] },
  ...tseslint.configs.recommended,
  { rules: { '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }] } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  ...order,
);
