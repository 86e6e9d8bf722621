import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { patienceMs } from '../../support/patience.js';

/** One line that a peer printed: an event, or the answer to a command. */
export type Line = Record<string, unknown>;

interface Waiting {
  readonly accepts: (line: Line) => boolean;
  readonly resolve: (line: Line) => void;
  readonly reject: (error: Error) => void;
}

/** Lines that a failure shows, and characters of each. */
const SHOWN_LINES = 12;
const SHOWN_LENGTH = 300;

/**
 * A program in a process of its own that is told and tells things in lines of JSON; `E` are its events by name, with what each
 * tells. Every wait has a deadline, and a failure says what the program had reported and printed until then. It ends with
 * {@link PeerProcess.stop}, and by itself if this process dies.
 */
export class PeerProcess<E extends object> {
  private readonly child: ChildProcess;
  private events: Line[] = [];
  private readonly waiting = new Set<Waiting>();
  private readonly history: string[] = [];
  private readonly exited: Promise<void>;
  private stderr = '';
  private ended: string | undefined;
  private requests = 0;

  /** @param title - what a failure calls it */
  protected constructor(
    private readonly title: string,
    program: string,
    given: readonly string[],
  ) {
    this.child = spawn(program, given, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.child;
    // Writing to a peer that has just died fails here; the exit below says why.
    stdin?.on('error', () => undefined);
    stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4000)));
    if (stdout !== null) createInterface({ input: stdout }).on('line', line => this.receive(line));
    this.exited = new Promise(resolve => {
      const end = (reason: string): void => {
        if (this.ended !== undefined) return;
        this.ended = reason;
        this.gone();
        for (const one of this.waiting) one.reject(this.failed(`it ended (${reason})`));
        resolve();
      };
      this.child.on('error', error => end(error.message));
      // 'close' comes after the last line of stdout and stderr, 'exit' may not.
      this.child.on('close', (code, signal) => end(signal === null ? `code ${code}` : signal));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Takes the next event of that name which fits, from those not yet taken or from the future. */
  async event<K extends keyof E & string>(
    name: K,
    fits: (event: E[K]) => boolean = () => true,
    deadlineMs = patienceMs,
  ): Promise<E[K]> {
    const accepts = (line: Line): boolean => line['event'] === name && fits(line as E[K]);
    const index = this.events.findIndex(accepts);
    if (index !== -1) return this.events.splice(index, 1)[0] as E[K];
    return (await this.wait(`the event ${name}`, accepts, deadlineMs)) as E[K];
  }

  /** The events of that name which nobody has taken yet. */
  untaken<K extends keyof E & string>(name: K): E[K][] {
    return this.events.filter(line => line['event'] === name) as E[K][];
  }

  /** Takes all events of that name which nobody has taken yet. */
  drain<K extends keyof E & string>(name: K): E[K][] {
    const taken = this.untaken(name);
    this.events = this.events.filter(line => line['event'] !== name);
    return taken;
  }

  /** Kills it without a word, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** Ends it: first by ending its stdin, after two seconds by force. Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.child.stdin?.end();
    const force = setTimeout(() => this.child.kill('SIGKILL'), 2000);
    await this.exited;
    clearTimeout(force);
  }

  /** It has ended, in whatever way. */
  protected gone(): void {}

  protected write(command: object): void {
    const line = JSON.stringify(command);
    this.record(`> ${line}`);
    this.child.stdin?.write(`${line}\n`);
  }

  /** The first line that fits, of the events not yet taken, which it stays among, or of the future. */
  protected async line(
    what: string,
    accepts: (line: Line) => boolean,
    deadlineMs = patienceMs,
  ): Promise<Line> {
    return this.events.find(accepts) ?? this.wait(what, accepts, deadlineMs);
  }

  /** Gives a command with a number, and waits for the answer with that number. */
  protected async request(name: string, facts: object, deadlineMs = patienceMs): Promise<Line> {
    const id = ++this.requests;
    const answered = this.wait(`an answer to ${name}`, line => line['id'] === id, deadlineMs);
    this.write({ id, do: name, ...facts });
    return answered;
  }

  protected forgetEvents(): void {
    this.events.length = 0;
  }

  protected failed(what: string): Error {
    const printed = this.stderr === '' ? '(nothing)' : this.stderr;
    return new Error(
      `${this.title} (pid ${this.pid}): ${what}\n` +
        `last lines:\n  ${this.history.join('\n  ')}\nstderr:\n  ${printed}`,
    );
  }

  private receive(text: string): void {
    this.record(`< ${text}`);
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      return; // something printed past the protocol; it stays in the history
    }
    for (const one of this.waiting) {
      if (one.accepts(line)) return one.resolve(line);
    }
    if (typeof line['event'] === 'string') this.events.push(line);
  }

  private wait(what: string, accepts: Waiting['accepts'], deadlineMs: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) return reject(this.failed(`waited for ${what}, but it has ended`));
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(one);
      };
      const timer = setTimeout(() => {
        done();
        reject(this.failed(`waited ${deadlineMs} ms for ${what}`));
      }, deadlineMs);
      const one: Waiting = {
        accepts,
        resolve: line => {
          done();
          resolve(line);
        },
        reject: error => {
          done();
          reject(error);
        },
      };
      this.waiting.add(one);
    });
  }

  private record(line: string): void {
    this.history.push(line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line);
    if (this.history.length > SHOWN_LINES) this.history.shift();
  }
}
