/**
 * The Host seam: clock, timers, randomness and log come in as one value, so that two whole clusters
 * can run in one test process and a seeded simulator can drive the very same code.
 * Nothing outside an adapter calls Date.now, setTimeout, Math.random or console.
 */

/** A running timer; cancel is idempotent. */
export interface TimerHandle {
  cancel(): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Host {
  /** Wall clock in milliseconds since the epoch. */
  nowMs(): number;
  /** Monotonic clock in milliseconds, for durations. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): TimerHandle;
  /** Uniform in [0, 1). */
  random(): number;
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
}

/** The Host of a real process. Log lines go to stderr at or above `minLevel`. */
export function realHost(minLevel: LogLevel = 'warn'): Host {
  const order: LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    random: () => Math.random(),
    log(level, message, fields) {
      if (order.indexOf(level) < order.indexOf(minLevel)) return;
      process.stderr.write(`${level} ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`);
    },
  };
}
