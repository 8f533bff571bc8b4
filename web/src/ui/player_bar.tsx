/** Play, pause, seek: with the mouse, a finger or the keyboard. */

import type { JSX } from "preact";
import { durationS, openedAtS } from "../state/film";
import type { Clip } from "../wire/media";
import { useLanguage } from "./context";
import type { Film } from "./film";
import { ToolIcon } from "./icons";
import type { Media } from "./media";
import { Detail, ReasonText } from "./why";

const STEP_S = 0.1;

interface PlayerBarProps {
  readonly clip: Clip;
  readonly film: Film;
  readonly file: Media;
  /** Fetch the clip and play it. */
  readonly start: () => void;
}

export function PlayerBar({ clip, film, file, start }: PlayerBarProps): JSX.Element {
  const { words, size } = useLanguage();
  const { player, playing } = film;
  if (player === null) {
    return (
      <div class="player">
        <button type="button" class="tool outlined" aria-disabled={file.kind === "waiting"} onClick={() => file.kind === "waiting" || start()}>
          <ToolIcon tool="play" />
          <span class="always">{words.film.load(size(clip.bytes))}</span>
        </button>
        <FileState file={file} problem={film.problem} />
      </div>
    );
  }
  const toggle = (): void => (playing.running ? player.pause() : player.play());
  return (
    <div class="player">
      <button type="button" class="tool outlined" onClick={toggle}>
        <ToolIcon tool={playing.running ? "pause" : "play"} />
        <span class="always">{playing.running ? words.film.pause : words.film.play}</span>
      </button>
      <button type="button" class="tool" onClick={() => player.seek(openedAtS(clip))}>
        <ToolIcon tool="back" />
        <span class="always">{words.film.opening}</span>
      </button>
      <Seek clip={clip} film={film} toggle={toggle} />
    </div>
  );
}

function Seek({ clip, film: { player, playing }, toggle }: Pick<PlayerBarProps, "clip" | "film"> & { readonly toggle: () => void }): JSX.Element {
  const { words, number, timeOfDay } = useLanguage();
  const { positionS } = playing;
  const moment = timeOfDay((clip.pictures[0]?.at ?? 0) + positionS);
  const position = words.film.position(number(positionS, 1), number(durationS(clip), 1));
  return (
    <>
      <input
        class="player-seek"
        type="range"
        min={0}
        max={durationS(clip)}
        step={STEP_S}
        value={positionS}
        aria-label={words.film.seek}
        aria-valuetext={`${moment}, ${position}`}
        onInput={(event) => player?.seek(event.currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          if (event.key !== " ") return;
          event.preventDefault();
          toggle();
        }}
      />
      <span class="player-time">
        <time>{moment}</time> <bdi>{position}</bdi>
      </span>
    </>
  );
}

function FileState({ file, problem }: { readonly file: Media; readonly problem: string }): JSX.Element {
  const { words } = useLanguage();
  const reason = file.kind === "missing" ? file.reason : problem === "" ? null : { code: "garbled", detail: problem };
  return (
    <output class={reason === null ? `outcome outcome-${file.kind}` : "outcome outcome-failed"}>
      {reason !== null && (
        <>
          {words.film.missing} <ReasonText reason={reason} />
        </>
      )}
      {reason === null && file.kind === "waiting" && (
        <>
          {words.film.waiting} {file.words !== "" && <Detail words={file.words} />}
        </>
      )}
    </output>
  );
}
