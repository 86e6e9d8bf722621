// Compares the public API of every entry point with its report in etc/, or writes the reports with --approve.
// Needs dist/ (npm run build).
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const approve = process.argv.includes('--approve');
const { exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));
mkdirSync('etc', { recursive: true });

let failed = false;
for (const [specifier, targets] of Object.entries(entries)) {
  // The bundle names what two other entry points name; a spec holds it to that.
  if (typeof targets === 'string' || specifier === './bundle') continue;
  const name = specifier === '.' ? 'index' : specifier.slice(2).replaceAll('/', '-');
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: resolve('.'),
      newlineKind: 'lf', // as everywhere (.editorconfig)
      mainEntryPointFilePath: resolve(targets.types),
      compiler: { tsconfigFilePath: resolve('tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: resolve('etc'),
        reportTempFolder: resolve('build/api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          // What another entry point names may stay out of this one; the first one names everything it speaks of.
          'ae-forgotten-export': {
            logLevel: specifier === '.' ? 'error' : 'none',
            addToApiReportFile: false,
          },
          'ae-undocumented': { logLevel: 'none' },
          'ae-missing-release-tag': { logLevel: 'error' },
          'ae-unresolved-link': { logLevel: 'none' },
          'ae-internal-missing-underscore': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  });
  const result = Extractor.invoke(config, {
    localBuild: approve,
    showVerboseMessages: false,
    typescriptCompilerFolder: resolve('node_modules/typescript'),
  });
  if (!result.succeeded && !(approve && result.errorCount === 0)) failed = true;
  console.log(
    `${specifier}: ${result.apiReportChanged ? (approve ? 'report written' : 'CHANGED (npm run api:approve)') : 'as reported'}`,
  );
}
process.exit(failed ? 1 : 0);
