// Does a task inside a worker, where the log uses the private file system itself.
import { type KeeperTask, perform } from './keeper.js';

export type KeeperWord = { readonly acknowledged: number } | { readonly result: unknown };

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<KeeperTask>) => void;
  postMessage(word: KeeperWord): void;
};

scope.onmessage = ({ data }) => {
  void perform(data, acknowledged => scope.postMessage({ acknowledged })).then(result =>
    scope.postMessage({ result }),
  );
};
