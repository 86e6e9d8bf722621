import type { Log } from '../../lib/log/Log.js';
import type { ReplicableLog } from '../../lib/log/ReplicableLog.js';
import { request, type RequestFields } from '../../lib/messages/request.js';
import type { Data } from '../../lib/messages/data.js';

/** What the log answers; it must answer. */
export async function answerOf(from: ReplicableLog, fields: Omit<RequestFields, 'id'>): Promise<Data> {
  const answer = await from.prove(request({ id: 1, fork: from.fork, ...fields }));
  if (answer === null) throw new Error('the log does not answer');
  return answer;
}

/** Brings a reader to the length of a writer, message by message and without a connection; follows its forks. */
export async function upgrade(writer: Log, reader: Log): Promise<void> {
  const [from, to] = [writer.core, reader.core];
  if (to.fork < from.fork) {
    const fork = await to.reorg(
      await answerOf(from, { upgrade: { start: 0, length: from.length }, manifest: true }),
    );
    while (fork.wanted !== null) await fork.add(await answerOf(from, { hash: fork.wanted }));
    await fork.commit();
  }
  if (to.length === from.length) return;
  const length = from.length - to.length;
  await to.receive(
    await answerOf(from, { upgrade: { start: to.length, length }, manifest: to.manifest === null }),
  );
}

/** Asks for blocks, all at once, and takes in the answers. */
export async function download(writer: Log, reader: Log, indexes: readonly number[]): Promise<void> {
  const answers = await Promise.all(
    indexes.map(async index => {
      const nodes = await reader.core.missingNodes(2 * index);
      return answerOf(writer.core, { block: { index, nodes } });
    }),
  );
  await Promise.all(answers.map(answer => reader.core.receive(answer)));
}
