/** What is loaded when somebody opens it. */

import "../style/setup_all.css";

export { NotificationsView } from "../notify/notifications";
export { SetUpView } from "./setup";
export { WhatIfView } from "./what_if";
