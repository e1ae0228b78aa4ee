/**
 * The guest's clocks. Monotonic time counts from the guest's start on wall time, so that it goes on over a move; it never goes
 * backwards.
 */
const { timeOrigin } = performance;
const nativeNow = performance.now.bind(performance);
const wallMs = (): number => timeOrigin + nativeNow();

class GuestClock {
  /** Wall time at which the guest's monotonic clock read 0. */
  originMs = wallMs();
  private lastMs = 0;

  /** Milliseconds since the guest started, fractional. */
  nowMs(): number {
    this.lastMs = Math.max(this.lastMs, wallMs() - this.originMs);
    return this.lastMs;
  }
  /** What timers count in. */
  wholeMs(): number {
    return Math.floor(this.nowMs());
  }
  save(): { originMs: number; lastMs: number } {
    return { originMs: this.originMs, lastMs: this.nowMs() };
  }
  restore(saved: { originMs: number; lastMs: number }): void {
    this.originMs = saved.originMs;
    this.lastMs = saved.lastMs;
  }
}

export const guestClock = new GuestClock();
