import js from '@eslint/js';
import globals from 'globals';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The rooms of lib/, nearest the wire first. A room may import those before it, and the vocabulary; never one after it.
 * `vocabulary` is what every room speaks and imports nothing of the others.
 */
const rooms = [
  'encoding',
  'crypto',
  'keys',
  'transports',
  'framing',
  'noise',
  'secret',
  'mux',
  'messages',
  'storage',
  'tree',
  'proof',
  'bitfield',
  'oplog',
  'log',
  'connection',
  'replication',
  'bridge',
  'testing',
];
const vocabulary = ['Duplex.ts', 'errors.ts', 'limits.ts'];

/** What only Node can run; the rest of lib/ runs anywhere. */
const nodeOnly = [
  'lib/node.ts',
  'lib/transports/tcp.ts',
  'lib/transports/node/**',
  'lib/storage/disk/**',
  'lib/bridge/**',
];

const zones = rooms.slice(0, -1).map((room, index) => ({
  target: `./lib/${room}`,
  from: rooms.slice(index + 1).map(later => `./lib/${later}`),
  message: `lib/${room} may import only the vocabulary and rooms nearer the wire`,
}));

/** Below log/ a layer knows the crypto interface, never one implementation of it. */
const backendZones = rooms
  .filter(room => !['crypto', 'log', 'connection', 'replication', 'bridge', 'testing'].includes(room))
  .map(room => ({
    target: `./lib/${room}`,
    from: './lib/crypto/portable',
    message: 'a layer is given its backend; only log/ and connection/ know the default one',
  }));

/** The front doors may be imported by nobody inside lib/. */
const frontDoors = ['index', 'operators', 'node', 'bundle'];

const restrictedNames = [
  'Buffer',
  'process',
  'global',
  'require',
  '__dirname',
  '__filename',
  'setImmediate',
].map(name => ({
  name,
  message: 'lib/ runs anywhere: no Node globals outside the Node entry points',
}));

export default tseslint.config(
  // What is in the folders of scripts/fresh-app is applications of their own, which their own builders check.
  { ignores: ['dist', 'build', 'node_modules', 'etc', 'scripts/fresh-app/*/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', 'scripts/*.mjs', 'spec/*/*.mjs'] } },
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { ...tseslint.configs.disableTypeChecked.languageOptions, globals: { ...globals.node } },
  },
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.js'],
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-self-import': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: [...zones, ...backendZones] }],
      'no-restricted-globals': ['error', ...restrictedNames],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'rxjs/operators', message: "import from 'rxjs'" }],
          patterns: [
            { group: ['node:*'], message: 'Node modules belong in the Node entry points' },
            { group: ['rxjs/*', '!rxjs/testing'], message: "import from the root 'rxjs'" },
            { group: frontDoors.map(door => `**/${door}.js`), message: 'nobody inside imports a front door' },
            {
              group: ['**/utils*', '**/helpers*', '**/common*', '**/misc*'],
              message: 'give the room a subject',
            },
          ],
        },
      ],
    },
  },
  {
    files: vocabulary.map(file => `lib/${file}`),
    rules: { 'no-restricted-imports': ['error', { patterns: ['./*', '../*'] }] },
  },
  {
    // A front door lists what is public of any room.
    files: ['lib/*/index.ts'],
    rules: { 'import-x/no-restricted-paths': 'off' },
  },
  {
    // The one file for pages without a bundler consists of front doors.
    files: ['lib/bundle.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: nodeOnly,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['rxjs/*', '!rxjs/testing'] }] }],
    },
  },
  {
    files: ['spec/**/*.ts', 'demo/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
    },
  },
);
