/** How a camera is now: the same sign and words as on its tile. */

import type { JSX } from "preact";
import type { CameraView } from "../state/world";
import { StateIcon } from "../ui/icons";
import { useTruth } from "../ui/truth";

export function CameraState({ camera }: { readonly camera: CameraView }): JSX.Element {
  const truth = useTruth(camera);
  return (
    <span class={`badge state-${truth.state}`}>
      <StateIcon state={truth.state} />
      {truth.words}
    </span>
  );
}
