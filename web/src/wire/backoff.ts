/** How long to wait before the next attempt, in milliseconds: growing, spread, and never longer than people wait. */

const FIRST_MS = 300;
const FACTOR = 1.618;
const CAP_MS = 2200;
const JITTER = 0.25;

/** `attempt` counts from 0; `random` is 0..1. The longest possible is 2.75 s: a hub that is back is found within 3 s. */
export function delayMs(attempt: number, random: number): number {
  const delay = Math.min(CAP_MS, FIRST_MS * FACTOR ** Math.min(attempt, 20));
  return delay * (1 - JITTER + 2 * JITTER * random);
}
