/**
 * The in-thread inspector session. While V8 pauses the guest (the host asked through NodeWorker), the paused notification runs here,
 * in the guest's own thread, so frames are read without a message crossing threads. Objects are handed over by reference.
 */
import inspector from 'node:inspector';
import { reflectDefine } from '../heap/primordials.js';

interface RemoteObject {
  type: string;
  subtype?: string;
  value?: unknown;
  objectId?: string;
  description?: string;
}

export interface PausedFrame {
  callFrameId: string;
  functionName: string;
  location: { scriptId: string; lineNumber: number; columnNumber?: number };
  functionLocation?: { scriptId: string; lineNumber: number; columnNumber?: number };
  scopeChain: {
    type: string;
    object: RemoteObject;
    name?: string;
    startLocation?: { lineNumber: number; columnNumber?: number; scriptId: string };
  }[];
  this: RemoteObject;
}

/** What the inspector tells by itself; of each name some parameters are there. */
interface Heard {
  params: { scriptId: string; url: string; callFrames: PausedFrame[] };
}

const GROUP = 'godwit';
const hand: { take: ((...values: unknown[]) => void) | undefined } = { take: undefined };

export class ThreadSession {
  private readonly session = new inspector.Session();
  private acceptsPauses = true;
  private readonly handName = `$$hand${Math.random().toString(36).slice(2)}`;

  constructor(onPaused: (frames: PausedFrame[]) => void, onScript: (scriptId: string, url: string) => void) {
    this.session.connect();
    // In the place of EventEmitter's own, which the guest can change, and which calls `apply` of each listener: scripts are parsed, and
    // pauses begin, in the middle of anything.
    reflectDefine(this.session, 'emit', {
      value(name: string, { params }: Heard): void {
        if (name === 'Debugger.scriptParsed') onScript(params.scriptId, params.url);
        else if (name === 'Debugger.paused') onPaused(params.callFrames);
      },
    });
    this.post('Debugger.enable');
  }

  /** Whether V8 stops this thread when it is asked to pause, or meets a breakpoint or a `debugger` statement; at first it does. */
  acceptPauses(accepts: boolean): void {
    if (accepts !== this.acceptsPauses) this.post('Debugger.setSkipAllPauses', { skip: !accepts });
    this.acceptsPauses = accepts;
  }

  /** A protocol command; same-thread sessions answer before post() returns. */
  post(method: string, params: object = {}): Record<string, unknown> {
    let answer: { error: Error | null; result: unknown } | undefined;
    this.session.post(method, params, (error, result) => {
      answer = { error, result };
    });
    if (!answer) throw new Error(`${method}: no answer`);
    if (answer.error) throw Object.assign(new Error(`${method}: ${(answer.error as Error).message}`), { cause: answer.error });
    return answer.result as Record<string, unknown>;
  }

  /** The values that remote objects stand for, by reference. */
  fetch(objects: RemoteObject[]): unknown[] {
    const values: unknown[] = new Array(objects.length);
    const missing: { index: number; objectId: string }[] = [];
    objects.forEach((o, index) => {
      if (o.objectId) missing.push({ index, objectId: o.objectId });
      else values[index] = primitiveOf(o);
    });
    if (missing.length === 0) return values;
    Object.defineProperty(globalThis, this.handName, { value: hand, configurable: true, enumerable: false, writable: true });
    hand.take = (...taken) => {
      taken.forEach((value, i) => {
        values[missing[i]!.index] = value;
      });
    };
    try {
      this.post('Runtime.callFunctionOn', {
        objectId: missing[0]!.objectId,
        functionDeclaration: `function (...v) { ${this.handName}.take(...v) }`,
        arguments: missing.map(({ objectId }) => ({ objectId })),
        silent: true,
        objectGroup: GROUP,
      });
    } finally {
      hand.take = undefined;
      delete (globalThis as Record<string, unknown>)[this.handName];
    }
    return values;
  }

  /** Lets go of everything that was handed out. */
  release(): void {
    this.post('Runtime.releaseObjectGroup', { objectGroup: GROUP });
    this.post('Runtime.releaseObjectGroup', { objectGroup: 'backtrace' });
  }

  close(): void {
    this.session.disconnect();
  }
}

function primitiveOf(o: RemoteObject): unknown {
  const special = o as RemoteObject & { unserializableValue?: string };
  if (special.unserializableValue !== undefined) {
    const text = special.unserializableValue;
    if (text === '-0') return -0;
    if (text.endsWith('n') && o.type === 'bigint') return BigInt(text.slice(0, -1));
    return Number(text);
  }
  return o.type === 'undefined' ? undefined : o.value;
}
