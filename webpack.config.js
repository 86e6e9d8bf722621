import { resolve } from 'node:path';
import linker from '@angular/compiler-cli/linker/babel';
import { AngularWebpackPlugin } from '@ngtools/webpack';
import webpack from 'webpack';

/** What both bundles share. Nothing is replaced and nothing polyfilled: a Node module in a bundle is an error. */
const base = {
  target: ['web', 'es2022'],
  resolve: {
    extensions: ['.ts', '.js'],
    // The sources say './x.js', as ES modules must; what lies there is './x.ts'.
    extensionAlias: { '.js': ['.ts', '.js'] },
  },
  performance: { hints: false },
};

/** How TypeScript sources are bundled for the specs in a browser, through Karma. */
export const specs = {
  ...base,
  mode: 'development',
  devtool: 'inline-source-map',
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
};

/** The page of the demo. It imports the package by its name, so what is bundled is what is published: dist/. */
export default {
  ...base,
  mode: 'production',
  devtool: 'source-map',
  entry: { main: './demo/page/main.ts' },
  experiments: { outputModule: true },
  output: { path: resolve('build/page'), filename: '[name].js', module: true, clean: true },
  resolve: { ...base.resolve, conditionNames: ['es2015', '...'] },
  module: {
    rules: [
      { test: /\.ts$/, loader: '@ngtools/webpack' },
      // Angular's packages are published half compiled; this finishes them, so that no compiler is sent to the page.
      {
        test: /\.[cm]?js$/,
        include: /node_modules[\\/]@angular/,
        loader: 'babel-loader',
        options: { configFile: false, babelrc: false, compact: false, plugins: [linker] },
      },
    ],
  },
  plugins: [
    new AngularWebpackPlugin({ tsconfig: resolve('demo/page/tsconfig.json'), jitMode: false }),
    // As Angular's own builder does for production: its checks for developers are left out.
    new webpack.DefinePlugin({ ngDevMode: 'false', ngJitMode: 'false', ngI18nClosureMode: 'false' }),
  ],
};
