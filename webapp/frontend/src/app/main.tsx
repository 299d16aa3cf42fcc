/** Where the page begins. */

import "../ui/tokens.css";
import "../ui/base.css";

import { createRoot } from "react-dom/client";

import { App } from "./App";
import { begin } from "./early";
import { watchTheme } from "./theme";

begin(location.pathname);
watchTheme();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(<App />);
}
