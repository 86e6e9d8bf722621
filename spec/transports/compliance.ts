import {
  transportCompliance,
  type TransportComplianceOptions,
} from '../../lib/testing/transportCompliance.js';

/** Has every check of the suite as a spec. */
export function complies(name: string, options: TransportComplianceOptions): void {
  describe(`${name} as a transport`, () => {
    for (const check of transportCompliance(options)) it(check.name, () => check.run(), 25_000);
  });
}
