/**
 * Node's own JavaScript in a guest's thread asks the thread's `process` for folder, environment and flags: `path.resolve`, `child_process`,
 * `url.pathToFileURL`, warnings. Here it is made to answer with the guest's (its streams and what it tells of: node-process.ts). Once a thread, after built-ins were named.
 */
import os from 'node:os';
import type { GuestProcess } from '../services/process/process.js';
import { processState } from '../services/process/state.js';
import { installChildProcesses } from './child-processes.js';
import { installDescriptors } from './descriptors.js';
import { installDirectory } from './directory.js';
import { installOpenedDirectories } from './opened-directories.js';

const thread = process;
const { userInfo } = os;
let isInstalled = false;
let current: GuestProcess;

export function answerForGuest(guestProcess: GuestProcess): void {
  current = guestProcess;
  if (isInstalled) return;
  isInstalled = true;
  const answers = {
    get env() {
      return current.env;
    },
    get execArgv() {
      return current.execArgv;
    },
  };
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(answers)))
    Object.defineProperty(thread, name, { ...descriptor, enumerable: true, configurable: true });
  const functions = {
    cwd: () => processState().cwd,
    emitWarning: (...given: Parameters<GuestProcess['emitWarning']>) => current.emitWarning(...given),
  };
  for (const [name, value] of Object.entries(functions))
    Object.defineProperty(thread, name, { value, writable: true, enumerable: true, configurable: true });
}

const nativeHome = os.homedir;
/** Node asks the environment that the node daemon was started with. */
function homedir(): string {
  const { HOME } = current.env;
  return HOME ?? (thread.platform === 'win32' ? nativeHome() : userInfo().homedir);
}

/** What the system is asked for below Node's JavaScript is the guest's from now on. Before built-ins are named. */
export function installSystem(): void {
  installDirectory();
  installOpenedDirectories();
  installChildProcesses();
  installDescriptors();
  os.homedir = homedir;
}
