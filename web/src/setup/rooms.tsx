/** What is loaded when somebody opens the set-up. */

export { SetUpView } from "./setup";
export { WhatIfView } from "./what_if";
