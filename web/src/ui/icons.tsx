/** Signs: every level and state has its own shape, so that color is never the only difference. */

import type { JSX } from "preact";

const LEVEL_SHAPES: Readonly<Record<string, JSX.Element>> = {
  NORMAL: <circle cx="8" cy="8" r="6" />,
  WATCH: <path d="M8 1.2 14.8 8 8 14.8 1.2 8Z" />,
  ALERT: <path d="M8 1.4 15 14H1Z" />,
  CRITICAL: <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5Z" />,
};

const LEVEL_MARKS: Readonly<Record<string, JSX.Element>> = {
  NORMAL: <path class="mark" d="m5.2 8.2 2 2 3.6-4" />,
  WATCH: <path class="mark" d="M8 5v3.6M8 11v.2" />,
  ALERT: <path class="mark" d="M8 5.6v4M8 12v.2" />,
  CRITICAL: <path class="mark" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" />,
};

export function LevelIcon({ level }: { readonly level: string }): JSX.Element {
  return (
    <svg class={`icon level-icon level-${level.toLowerCase()}`} viewBox="0 0 16 16" aria-hidden="true">
      {LEVEL_SHAPES[level] ?? <circle cx="8" cy="8" r="3" />}
      {LEVEL_MARKS[level]}
    </svg>
  );
}

const STATE_PATHS: Readonly<Record<string, string>> = {
  live: "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
  delayed: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 3v3.3l2.2 1.4",
  frozen: "M8 1.5v13M2.4 4.8l11.2 6.4M13.6 4.8 2.4 11.2",
  dark: "M12.5 10.2A5.5 5.5 0 0 1 5.8 3.5a5.5 5.5 0 1 0 6.7 6.7Z",
  covered: "M2 2l12 12M3 8s2-4 5-4 5 4 5 4-2 4-5 4-5-4-5-4Z",
  blurred: "M2 5h12M4 8h8M2 11h12",
  offline: "M3 3l10 10M13 3 3 13",
  connecting: "M8 2a6 6 0 0 1 6 6M8 14a6 6 0 0 1-6-6",
  unreachable: "M2 12h12M4 9h8M8 2v3M8 6.4v.2",
  still: "M2.5 4h11v8h-11ZM5 10l2-2.5 1.5 1.5L10 7l2 3",
  radar: "M8 8 13 3M8 2a6 6 0 1 0 6 6M8 5a3 3 0 1 0 3 3",
};

export function StateIcon({ state }: { readonly state: string }): JSX.Element {
  return (
    <svg class={`icon state-icon state-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={STATE_PATHS[state] ?? STATE_PATHS["connecting"]} />
    </svg>
  );
}

const MARK_PATHS: Readonly<Record<string, string>> = {
  acknowledged: "m2 8.5 4 4 8-9",
  not_a_threat: "M8 1.5 13.5 4v4c0 3.5-2.5 5.5-5.5 6.5C5 13.5 2.5 11.5 2.5 8V4ZM5.5 8l2 2 3.2-4",
  threat: "M8 1.5 15 14H1ZM8 6v4M8 12v.1",
};

export function MarkIcon({ mark }: { readonly mark: string }): JSX.Element {
  return (
    <svg class="icon tool-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={MARK_PATHS[mark] ?? MARK_PATHS["acknowledged"]} />
    </svg>
  );
}

const TOOL_PATHS = {
  boxes: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3",
  labels: "M2 3h7l5 5-6 6-6-6ZM5.2 6.2v.1",
  trails: "M2 13c3 0 3-5 6-5s3-5 6-5",
  risk: "M2 12a6 6 0 0 1 12 0M8 12l3-4",
  zones: "M5.2 3h8.3l-2.2 10H2.5Z",
  thermal: "M6.4 9.3V3.6a1.6 1.6 0 0 1 3.2 0v5.7a3 3 0 1 1-3.2 0ZM8 6.2v5",
  footfall: "M5 2c1.5 0 2.2 1.5 2.2 3 0 1.3-.7 2-.8 3.2H3.8C3.6 7 2.8 6.3 2.8 5c0-1.5.7-3 2.2-3ZM3.9 10h2.4M11.2 5.5c1.4 0 2 1.4 2 2.8 0 1.2-.6 1.900-.8 3H9.9M10.1 13.3h2.2",
  radar: "M8 8l4-4M8 2a6 6 0 1 0 6 6M8 5a3 3 0 1 0 3 3",
  still: "M2 5h3l1.2-2h3.6L11 5h3v8H2ZM8 6.6a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
  full: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  save: "M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
  settings: "M3 5h6M12 5h1M3 11h1M7 11h6M10.5 3.5v3M5.5 9.5v3",
  setup: "M13.6 4.2a3.6 3.6 0 0 1-4.8 4.6L4.4 13.2a1.6 1.6 0 0 1-2.3-2.3l4.5-4.4a3.6 3.6 0 0 1 4.6-4.7L9 4l.4 2.5L12 7Z",
  add: "M8 3v10M3 8h10",
  remove: "M4 4l8 8M12 4l-8 8",
  turn: "M3 6h9l-3-3M13 10H4l3 3",
  live: "M2 4h12v8H2ZM6.5 6v4L10 8Z",
  grid: "M2 2h5v5H2ZM9 2h5v5H9ZM2 9h5v5H2ZM9 9h5v5H9Z",
  events: "M3 4h.1M6 4h8M3 8h.1M6 8h8M3 12h.1M6 12h8",
  back: "M13 8H3M7 4 3 8l4 4",
  play: "M4.5 2.5v11L13 8Z",
  pause: "M5 3v10M11 3v10",
  charts: "M2.5 13.5v-5M6.2 13.5V3M9.8 13.5v-7M13.5 13.5V6",
  export: "M8 10V2M5 5l3-3 3 3M2.5 10v3.5h11V10",
} as const;

export type Tool = keyof typeof TOOL_PATHS;

export function ToolIcon({ tool }: { readonly tool: Tool }): JSX.Element {
  return (
    <svg class={`icon tool-icon tool-${tool}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={TOOL_PATHS[tool]} />
    </svg>
  );
}
