/** Every camera at once; only those on the screen are asked for. */

import type { JSX } from "preact";
import { useLanguage, useWorld } from "./context";
import { hrefOf } from "./route";
import { Tile } from "./tile";

/** So many cameras are shown larger, two in a row. */
const FEW = 4;

export function Grid(): JSX.Element {
  const { words } = useLanguage();
  const cameras = useWorld((world) => world.cameras);
  return (
    <section class="grid-view" aria-labelledby="grid-title">
      <h1 id="grid-title" class="visually-hidden">
        {words.nav.grid}
      </h1>
      {cameras.size === 0 && <p class="quiet">{words.cameras.none}</p>}
      <div class={cameras.size <= FEW ? "grid grid-few" : "grid"}>
        {[...cameras.values()].map((camera) => (
          <Tile key={camera.source} camera={camera} href={hrefOf({ view: "live", source: camera.source })} />
        ))}
      </div>
    </section>
  );
}
