import { logWorkloads } from '../log/workloads.mjs';

/** Every workload of the wire, in the order in which they are shown. */
export const workloadNames = [
  'pipe-echo',
  'tcp-echo',
  'socket-alone',
  'pipe-flood',
  'pipe-flood-batched',
  'tcp-flood',
  'tcp-flood-batched',
  'records-alone',
  'records-alone-1k',
  'crypto-alone',
  'pipe-bulk',
  'tcp-bulk',
  'socket-bulk-alone',
  'curves-alone',
  'handshakes',
  'first-message',
  'memory',
  'scaling',
];

export async function loadWorkload(name) {
  if (name in logWorkloads) return logWorkloads[name];
  if (!workloadNames.includes(name))
    throw new Error(`no workload ${name}; there are ${workloadNames.join(', ')}`);
  return (await import(`./${name}.mjs`)).default;
}
