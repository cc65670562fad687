import js from '@eslint/js';
import next from '@next/eslint-plugin-next';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const FETCH_MESSAGE = 'Fetch through lib/files: fetchFile, probeFile or downloadFile.';
const onlyByConnection = (name) => ({ name, message: FETCH_MESSAGE });

export default tseslint.config(
  {
    ignores: [
      '.next/**',
      'out/**',
      'node_modules/**',
      'next-env.d.ts',
      'test-results/**',
      'playwright-report/**',
      'training/**',
      'public/**',
      // Transport streams are called .ts too.
      'test/fixtures/clips/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Indexing a typed array inside its own bounds is the daily bread of lib/select and lib/encoder.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  // Time limits, cancelling and web pages in the place of files are dealt with in one place.
  {
    files: ['app/**/*.{ts,tsx}', 'lib/**/*.ts', 'workers/**/*.ts'],
    ignores: ['lib/files/connection.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['fetch', 'XMLHttpRequest', 'EventSource', 'WebSocket'].map(onlyByConnection),
      ],
      'no-restricted-properties': [
        'error',
        ...['globalThis', 'window', 'self'].map((object) => ({
          object,
          property: 'fetch',
          message: FETCH_MESSAGE,
        })),
      ],
    },
  },
  {
    files: ['app/**/*.{ts,tsx}'],
    plugins: { '@next/next': next },
    rules: { ...next.configs.recommended.rules, ...next.configs['core-web-vitals'].rules },
  },
  { files: ['app/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  {
    files: ['scripts/**/*.mjs', '*.mjs', 'next.config.js', 'scripts/deploy/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
  // A page without a build: plain JavaScript in the browser.
  {
    files: ['test/bench/peer/*.js', 'scripts/bench/page/*.js'],
    languageOptions: {
      globals: {
        addEventListener: 'readonly',
        postMessage: 'readonly',
        crypto: 'readonly',
        document: 'readonly',
        indexedDB: 'readonly',
        performance: 'readonly',
        OffscreenCanvas: 'readonly',
        URL: 'readonly',
      },
    },
  },
);
