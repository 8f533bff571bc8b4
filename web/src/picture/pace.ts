/** How many pictures of all cameras begin to be decoded between two animation frames. */

/** Each costs the page about a millisecond before the browser's own threads have it. */
const AT_ONCE = 4;

/**
 * Cameras of one edge come together: sixteen pictures in one burst would take a whole animation frame from whatever
 * moves on the page. So a few begin at once and the rest in the frames after; a camera alone never waits.
 */
export class Pace {
  private begun = 0;
  private frame: Promise<void> | null = null;

  /** Resolves when one more may begin. */
  async room(): Promise<void> {
    while (this.begun >= AT_ONCE) await this.nextFrame();
    this.begun += 1;
    void this.nextFrame();
  }

  private nextFrame(): Promise<void> {
    this.frame ??= new Promise((resolve) => {
      requestAnimationFrame(() => {
        this.begun = 0;
        this.frame = null;
        resolve();
      });
    });
    return this.frame;
  }
}
