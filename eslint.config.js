import tseslint from 'typescript-eslint';

// One room may import another only through its index, and only rooms above it (docs/design.md).
const rooms = [
  'base',
  'tensor',
  'images',
  'datasets',
  'onnx',
  'runtime',
  'extract',
  'fit',
  'evaluate',
  'leaks',
  'experiments',
  'report',
  'cli',
];
const order = rooms.map((room, i) => ({
  files: [`lib/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^\\.\\./(?!(${rooms.slice(0, i).join('|') || 'none'})/index\\.js$|index\\.js$)`,
            message: 'Rooms import only the index of rooms above them.',
          },
          ...(room === 'runtime' ? [] : [{ regex: '^onnxruntime', message: 'Only lib/runtime imports ONNX Runtime.' }]),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'docs/api', 'coverage', 'out', '__tests__/fixtures'] },
  ...tseslint.configs.recommended,
  { rules: { '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }] } },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  ...order,
);
