/** What the pictures cost: this page's own traffic, and the hub's receipt for everybody. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { translate } from "../i18n/language";
import { fetchStatus, type HubStatus } from "../wire/status";
import { useApp, useLanguage, useNow, useWorld } from "./context";

const AGAIN_MS = 5_000;
const LINES_SHOWN = 10;
const MINUTES_OF_MONTH = 30 * 24 * 60;

export function TrafficCard(): JSX.Element {
  const { words, size, duration } = useLanguage();
  const { monitor } = useApp();
  const status = useStatus();
  const perMinute = monitor.traffic.perMinute(useNow(1000));
  return (
    <section class="card traffic" aria-labelledby="traffic-title">
      <h2 id="traffic-title">{words.traffic.title}</h2>
      <dl class="facts">
        <Rate name={words.traffic.page} perMinute={perMinute} month={perMinute * MINUTES_OF_MONTH} />
        {status?.uplinks.map(({ edgeId, bytesPerS, monthBytes }) => (
          <Rate key={edgeId} name={words.traffic.uplink(edgeId)} perMinute={bytesPerS * 60} month={monthBytes} />
        ))}
      </dl>
      {status !== null && status.lines.length > 0 && (
        <>
          <table class="receipt">
            <caption>{words.traffic.receipt(duration(status.uptimeS))}</caption>
            <thead>
              <tr>
                <th scope="col">{words.traffic.direction}</th>
                <th scope="col">{words.traffic.kind}</th>
                <th scope="col">{words.events.camera}</th>
                <th scope="col">{words.traffic.size}</th>
              </tr>
            </thead>
            <tbody>
              {status.lines.slice(0, LINES_SHOWN).map((line) => (
                <tr key={`${line.direction}/${line.kind}/${line.source}`}>
                  <td>{translate(words.traffic.way, line.direction)}</td>
                  <td>{translate(words.traffic.what, line.kind)}</td>
                  <td>
                    <CameraName source={line.source} />
                  </td>
                  <td>
                    <bdi>{size(line.bytes)}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="quiet">{words.traffic.note}</p>
        </>
      )}
    </section>
  );
}

function CameraName({ source }: { readonly source: string }): JSX.Element {
  const name = useWorld((world) => world.cameras.get(source)?.name) ?? source;
  return <bdi>{name}</bdi>;
}

interface RateProps {
  readonly name: string;
  readonly perMinute: number;
  /** Bytes, if it goes on like this all the time. */
  readonly month: number;
}

function Rate({ name, perMinute, month }: RateProps): JSX.Element {
  const { words, size } = useLanguage();
  return (
    <div class="fact">
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>
        {words.traffic.perMinute(size(perMinute))}
        <small>{words.traffic.perMonth(size(month))}</small>
      </dd>
    </div>
  );
}

/** The hub's own figures, asked for again while someone looks. */
function useStatus(): HubStatus | null {
  const { monitor } = useApp();
  const [status, setStatus] = useState<HubStatus | null>(null);
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      const answer = document.hidden ? null : await fetchStatus(monitor.hub);
      if (!gone && answer !== null) setStatus(answer);
    };
    void ask();
    const timer = setInterval(() => void ask(), AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [monitor]);
  return status;
}
