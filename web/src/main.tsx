/** The door of the page: makes the monitor, reads the reader's choice, draws. */

import { render } from "preact";
import { Monitor } from "./monitor";
import { loadPreferences } from "./state/preferences";
import { Store } from "./state/store";
import "./style/index.css";
import { App } from "./ui/app";
import type { Unsaved } from "./ui/route";

const monitor = new Monitor(new URL(".", document.baseURI));
const preferences = new Store(loadPreferences(localStorage, navigator.languages));
const unsaved = new Store<Unsaved | null>(null);
const root = document.getElementById("app");
if (root === null) throw new Error("expected an element with id app, got none");
render(<App context={{ monitor, preferences, unsaved }} />, root);
monitor.start();
