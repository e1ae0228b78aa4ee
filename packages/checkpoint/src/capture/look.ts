/**
 * A look at the stack of the running thread, to know whether a pause is worth its price: for a pause V8 describes every frame, parsing its
 * function again, which takes a hundred deep frames in megabytes of code a tenth of a second; a stack trace of them takes some 0.1 ms.
 * What the look cannot see is for the pause to decide (frames.ts): it refuses only what the pause would put off.
 *
 * It runs in an interrupt, wherever the guest is, in the middle of a regular expression too, and uses nothing that a guest can change.
 */
import { madeApart } from '../guest/apart.js';
import type { Realm } from '../guest/realm.js';
import { plainProperty } from '../heap/own-properties.js';
import { reflectDefine, setOf } from '../heap/primordials.js';
import { aBuiltInRuns, insideExpression, isRunAgain, mostPlaces, placeOf, programsName } from './frames.js';

/** What a capture tried now would come to: `good` needs the pause to know, `idle` finds no code of the guest running. */
export type Outlook = 'good' | 'idle' | Refusal;

export interface Refusal {
  readonly reason: string;
  /** Where the guest's frames stand from the one in the way outwards, as offsets in the program's code. */
  readonly at: readonly number[];
}

/** Frames looked at: what stands further out is for the pause. */
const MOST_FRAMES = 200;

/** Node's typings leave the offset out. */
type Site = NodeJS.CallSite & { getPosition(): number };

/**
 * The call sites below a function that is running, innermost first. Apart from the guest: its `Error.prepareStackTrace` and
 * `Error.stackTraceLimit` would be asked.
 */
const sitesBelow = madeApart(`(() => {
  const { captureStackTrace } = Error;
  Error.stackTraceLimit = ${MOST_FRAMES};
  Error.prepareStackTrace = (_error, sites) => sites;
  return (above) => {
    const holder = {};
    captureStackTrace(holder, above);
    return holder.stack;
  };
})()`) as (above: unknown) => Site[];

/** Native functions between two frames of the guest's which a capture knows what to do about. */
const transparent = setOf('next', 'return', 'throw', 'eval');

/** Looks at the stack below `above`, a function that is running now. `isActive`: an activity of the guest's runs. */
export function lookAtStack(realm: Realm, above: unknown, isActive: boolean): Outlook {
  const sites = sitesBelow(above);
  const top = nextOfGuest(sites, 0, realm);
  if (top === sites.length) return isActive ? { reason: 'the runtime itself is running', at: [] } : 'idle';
  if (!isActive) return { reason: 'the runtime is calling the guest', at: placesFrom(sites, top, realm) };
  const found = refusalAtTop(sites, top, realm) ?? refusalBelow(sites, top, realm);
  if (!found) return 'good';
  return { reason: found.reason, at: placesFrom(sites, found.index, realm) };
}

interface Found {
  readonly reason: string;
  /** Of the frame in the way. */
  readonly index: number;
}

function refusalAtTop(sites: readonly Site[], top: number, realm: Realm): Found | undefined {
  const from = nameOf(sites[top]!);
  // Native code shows in what its caller waits for.
  for (let i = 0; i < top; i++)
    if (urlOf(sites[i]!) !== '') return { reason: aBuiltInRuns(sites[i]!.getFunctionName() ?? '', from), index: top };
  const label = labelOf(sites[top]!, realm);
  return label && label.kind !== 'loop' ? { reason: aBuiltInRuns('', from), index: top } : undefined;
}

function refusalBelow(sites: readonly Site[], top: number, realm: Realm): Found | undefined {
  for (let above = top, below: number; ; above = below) {
    below = nextOfGuest(sites, above + 1, realm);
    if (below === sites.length) return undefined;
    const name = nameOf(sites[below]!);
    const label = labelOf(sites[below]!, realm);
    if (!label || label.kind === 'loop' || label.kind === 'yield') return { reason: insideExpression(false, name), index: below };
    for (let i = above + 1; i < below; i++) {
      const running = sites[i]!.getFunctionName() ?? '';
      if (!isRunAgain(running) && !transparent.has(running)) return { reason: aBuiltInRuns(running, name), index: below };
    }
  }
}

/** The index of the next frame of the guest's, from one on. */
function nextOfGuest(sites: readonly Site[], from: number, realm: Realm): number {
  let index = from;
  while (index < sites.length && !realm.scriptTable(urlOf(sites[index]!))) index++;
  return index;
}

function placesFrom(sites: readonly Site[], from: number, realm: Realm): number[] {
  const places: number[] = [];
  for (let i = from; i < sites.length && places.length < mostPlaces; i++) {
    const place = placeOf(urlOf(sites[i]!), sites[i]!.getPosition(), realm);
    if (place !== undefined) reflectDefine(places, places.length, plainProperty(place));
  }
  return places;
}

/** Empty of native code. */
const urlOf = (site: Site): string => site.getScriptNameOrSourceURL() ?? '';
const labelOf = (site: Site, realm: Realm) => realm.scriptTable(urlOf(site))?.labels.get(site.getPosition());
const nameOf = (site: Site): string => programsName(site.getFunctionName() ?? '') ?? 'the program';
