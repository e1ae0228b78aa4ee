/**
 * The guest's clocks. Monotonic time counts from the guest's start on wall time, so that it goes on over a move; it never goes
 * backwards. Timers read the time of the current turn, as Node's do.
 */
const { timeOrigin } = performance;
const nativeNow = performance.now.bind(performance);
const wallMs = (): number => timeOrigin + nativeNow();

class GuestClock {
  /** Wall time at which the guest's monotonic clock read 0. */
  originMs = wallMs();
  private lastMs = 0;
  private currentTurnMs = 0;

  /** Milliseconds since the guest started, fractional. */
  nowMs(): number {
    this.lastMs = Math.max(this.lastMs, wallMs() - this.originMs);
    return this.lastMs;
  }
  /** Takes the time for the timers of this turn. */
  newTurn(): void {
    this.currentTurnMs = Math.floor(this.nowMs());
  }
  turnMs(): number {
    return this.currentTurnMs;
  }
  save(): { originMs: number; lastMs: number; turnMs: number } {
    return { originMs: this.originMs, lastMs: this.nowMs(), turnMs: this.currentTurnMs };
  }
  restore(saved: { originMs: number; lastMs: number; turnMs: number }): void {
    this.originMs = saved.originMs;
    this.lastMs = saved.lastMs;
    this.currentTurnMs = saved.turnMs;
  }
}

export const guestClock = new GuestClock();
