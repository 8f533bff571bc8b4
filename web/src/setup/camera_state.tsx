/** How a camera is, by what its edge says: its picture is not asked for here, so its age tells nothing. */

import type { JSX } from "preact";
import { translate } from "../i18n/language";
import type { CameraView } from "../state/world";
import { useLanguage } from "../ui/context";
import { StateIcon } from "../ui/icons";

export function CameraState({ camera }: { readonly camera: CameraView }): JSX.Element {
  const { words } = useLanguage();
  const state = !camera.edgeOnline ? "offline" : camera.state === "" ? "connecting" : camera.state;
  return (
    <span class={`badge state-${state}`}>
      <StateIcon state={state} />
      {translate(words.state, state)}
    </span>
  );
}
