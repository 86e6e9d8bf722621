import { resolve } from 'node:path';

/** How TypeScript sources are bundled for a browser; the specs use it through Karma. */
export default {
  mode: 'development',
  devtool: 'inline-source-map',
  target: ['web', 'es2022'],
  resolve: {
    extensions: ['.ts', '.js'],
    // The sources say './x.js', as ES modules must; what lies there is './x.ts'.
    extensionAlias: { '.js': ['.ts', '.js'] },
  },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'ts-loader',
        options: {
          transpileOnly: true,
          configFile: resolve('tsconfig.json'),
          compilerOptions: { noEmit: false },
        },
      },
    ],
  },
  // Nothing is replaced and nothing polyfilled: a Node module in a bundle is an error.
  performance: { hints: false },
};
