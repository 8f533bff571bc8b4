/** What is loaded when somebody opens the set-up. */

import "../style/setup_all.css";

export { SetUpView } from "./setup";
export { WhatIfView } from "./what_if";
