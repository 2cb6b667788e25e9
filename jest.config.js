/** @type {import('jest').Config} */
export default {
  testEnvironment: './__tests__/support/environment.cjs',
  resolver: './__tests__/support/resolver.cjs',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/package.json'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  // `npm run coverage`, of what ships; its source maps lead back to lib/.
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/dist/**/*.js'],
  coverageReporters: ['text-summary', 'html'],
  testTimeout: 120_000,
  maxWorkers: 2,
};
