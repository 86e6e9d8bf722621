import { Subscription } from 'rxjs';

/** A link that notes when it is stopped and when it goes on; `onResume` is what it then delivers at once. */
export function notingLink(onResume: () => void = () => undefined) {
  const link = {
    log: [] as string[],
    /** How many hold it. */
    held: 0,
    pause(): Subscription {
      link.held++;
      link.log.push('stop');
      return new Subscription(() => {
        link.held--;
        link.log.push('go on');
        onResume();
      });
    },
  };
  return link;
}
