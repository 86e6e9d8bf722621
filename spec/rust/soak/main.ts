// Mixed traffic with both versions of the crate at once, over wires that cut at random: `main.ts [--minutes n] [--seed n]
// [--only part-of-a-name] [--without-profile]`.
import { Random } from '../../helpers/random.js';
import { Conversation, reasonOf, type Setting } from './Conversation.js';

const argument = (name: string): string | undefined => {
  const index = process.argv.indexOf(`--${name}`);
  return index === -1 ? undefined : process.argv[index + 1];
};
const minutes = Number(argument('minutes') ?? 10);
const seed = Number(argument('seed') ?? Date.now() % 0x7fffffff);
const only = argument('only') ?? '';
const profile = !process.argv.includes('--without-profile');

const anywhere = { cuts: 'anywhere', longest: 3_000, pauseMs: 2 } as const;
const frames = { cuts: 'frames', pauseMs: 1 } as const;
const settings: Setting[] = [true, false].flatMap((weDial): Setting[] => {
  const dialled = weDial ? 'we dial' : 'it dials';
  return [
    {
      name: `0.7, cut anywhere, ${dialled}`,
      version: '0.7',
      weDial,
      wholeFrames: false,
      toPeer: anywhere,
      largest: 60_000,
    },
    {
      name: `0.6 with whole frames, cut anywhere, ${dialled}`,
      version: '0.6',
      weDial,
      wholeFrames: true,
      toPeer: anywhere,
      largest: 12_000,
    },
    {
      name: `0.6 as it is, cut between frames, ${dialled}`,
      version: '0.6',
      weDial,
      wholeFrames: false,
      toPeer: frames,
      largest: 12_000,
    },
  ];
});

const conversations = settings
  .filter(({ name }) => name.includes(only))
  .map(
    (setting, n) =>
      new Conversation(
        { ...setting, ...(profile ? {} : { options: { profile: false } }) },
        new Random(setting.name, seed + n),
      ),
  );
console.log(`soak: ${conversations.length} connections for ${minutes} minutes, seed ${seed}`);

const started = Date.now();
const report = (): void => {
  console.log(`after ${((Date.now() - started) / 60_000).toFixed(1)} minutes`);
  for (const conversation of conversations) {
    conversation.collect();
    const { echoed, theirBlocks, ourBlocks, bytes, reopened, pieces } = conversation.tally;
    console.log(
      `  ${conversation.setting.name.padEnd(46)} ${echoed} echoes, ${theirBlocks} blocks of theirs, ${ourBlocks} of ours, ` +
        `${(bytes / 1e6).toFixed(1)} MB of blocks, ${reopened} channels opened and closed, ${pieces} pieces on the wire`,
    );
  }
};

let failures = 0;
const running = conversations.map(async conversation => {
  try {
    await conversation.start();
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>(resolve => (timer = setTimeout(resolve, minutes * 60_000)));
    await Promise.race([time, conversation.failed]);
    clearTimeout(timer);
    await conversation.finish();
  } catch (error) {
    failures++;
    const after = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`FAILED after ${after} s: ${conversation.setting.name}: ${reasonOf(error)}`);
  }
});
const minute = setInterval(report, 60_000);
await Promise.all(running);
clearInterval(minute);
report();
console.log(failures === 0 ? 'no failure' : `${failures} of ${conversations.length} connections failed`);
process.exit(failures === 0 ? 0 : 1);
