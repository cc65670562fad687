import js from '@eslint/js';
import next from '@next/eslint-plugin-next';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * Folders of lib/ in layers: an arrow points down only, so each layer may import those after it.
 * app → ingest, query, select, export → video, clip, db → shared. `select` and `query` know `shared` alone;
 * `models` is below `clip` and knows `shared` alone too.
 */
const noApp = {
  group: ['**/app/**', '@/app/**', '**/workers/**', '@/workers/**'],
  message: 'lib never imports app or workers.',
};
const only = (folder, forbidden) => ({
  files: [`lib/${folder}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          noApp,
          {
            group: forbidden.flatMap((other) => [`@/lib/${other}/*`, `**/lib/${other}/*`, `../${other}/*`]),
            message: `lib/${folder} must not know these folders (see docs/decisions/001-layers.md).`,
          },
        ],
      },
    ],
  },
});

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
      // Indexing a typed array inside its own bounds is the daily bread of lib/select and lib/clip.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['app/**/*.{ts,tsx}'],
    plugins: { '@next/next': next },
    rules: { ...next.configs.recommended.rules, ...next.configs['core-web-vitals'].rules },
  },
  { files: ['app/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  only('shared', ['app', 'clip', 'models', 'video', 'db', 'ingest', 'query', 'select', 'export']),
  only('models', ['clip', 'video', 'db', 'ingest', 'query', 'select', 'export']),
  only('select', ['clip', 'models', 'video', 'db', 'ingest', 'query', 'export']),
  only('query', ['clip', 'models', 'video', 'db', 'ingest', 'select', 'export']),
  only('clip', ['video', 'db', 'ingest', 'query', 'select', 'export']),
  only('video', ['clip', 'models', 'db', 'ingest', 'query', 'select', 'export']),
  only('db', ['clip', 'models', 'video', 'ingest', 'query', 'select', 'export']),
  only('ingest', ['export']),
  {
    files: ['scripts/**/*.mjs', '*.mjs'],
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
);
