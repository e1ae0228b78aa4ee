/**
 * What cluster-check says of Node's own: by the tables that the guest's realm goes by (guest/module-policy.ts, guest/modules.ts), and of what
 * behaves otherwise there (docs/LIMITS.md). Pure.
 */

import type { Finding, HindrancePolicy, NodeCall } from '@godwit/checkpoint/compile';
import { ofPrelude } from '@godwit/checkpoint/compile/prelude';
import { givesNativeObject, isLongCall, moduleEffect, opensForGood, pinningGlobals } from '../guest/module-policy.js';
import { guestModules, nameOfModule } from '../guest/modules.js';

/** Made anew by the guest's realm, whatever Node's own would do. */
const ownModules = new Set([...Object.keys(guestModules), 'process', 'timers', 'timers/promises', 'perf_hooks']);

/** By the name of a global, or of a part of a module. */
const differences: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  'process.stdin': ['stdin is always at its end', 'take what it needs as arguments or from a file'],
};

export const checkPolicy: HindrancePolicy = {
  module(name) {
    if (ownModules.has(name) || moduleEffect(name) !== 'pins') return undefined;
    const why = `uses node:${name}, which holds what only this machine has once a function of it was called`;
    return { rule: 'module', effect: 'pin', why, advice: 'load it in a process of its own, or start this one with --node' };
  },
  use(name, call) {
    const [module, member] = partsOf(name);
    const different = differences[module === 'process' ? `process.${member}` : name] ?? differences[`${module}.${member}`];
    if (different)
      return {
        rule: 'behaves-otherwise',
        effect: 'differs',
        why: `${shown(module, member)}: ${different[0]}`,
        advice: different[1],
      };
    if (!call) return undefined;
    if (module === '') return pinningGlobals.includes(name) ? pinningGlobal(name) : undefined;
    return ownModules.has(module) ? undefined : ofCall(module, member, call);
  },
  gives(name) {
    const [module, member] = partsOf(name);
    if (!givesNativeObject(module, member)) return undefined;
    const why = `while what ${shown(module, member)} gives is held, an object of Node's own`;
    return { rule: 'native-object', effect: 'wait', why, advice: 'do not keep it: make it where it is needed' };
  },
  isProgram: (file) => nameOfModule(file) === file && !ofPrelude.test(file),
};

const shown = (module: string, member: string): string => (module === '' ? member : `${module}.${member}`);

/** `node:fs.stat` in two; of globals the module is empty. */
function partsOf(name: string): [module: string, member: string] {
  if (!name.startsWith('node:')) return ['', name];
  const at = name.indexOf('.');
  return at < 0 ? [name.slice('node:'.length), ''] : [name.slice('node:'.length, at), name.slice(at + 1)];
}

const pinningGlobal = (name: string): Finding => ({
  rule: 'global',
  effect: 'pin',
  why: `uses ${name}, which holds what only this machine has`,
  advice: 'call it in a process of its own',
});

function ofCall(module: string, name: string, { givesCallback }: NodeCall): Finding | undefined {
  const shownName = `${module}.${name}`;
  if (isLongCall(module, name))
    return {
      rule: 'long-call',
      effect: 'putOff',
      why: `while ${shownName} computes, one native call`,
      advice: 'make it cheaper',
    };
  if (moduleEffect(module) !== 'answers' || name === '' || /^[A-Z]/.test(name)) return undefined;
  if (opensForGood(name)) {
    const why = `what ${shownName} opens stays open here`;
    return { rule: 'opens', effect: 'pin', why, advice: 'read or write whole files, readFile or appendFile' };
  }
  const isAsked = module.endsWith('/promises') || (!name.endsWith('Sync') && (module === 'fs' || givesCallback));
  if (!isAsked) return undefined;
  return { rule: 'answer', effect: 'wait', why: `until ${shownName} has answered`, advice: 'nothing to do: it moves afterwards' };
}
