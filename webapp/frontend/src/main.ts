/** Entry point: one page per path, `/` and `/LOGIN`. */

import "./style.css";

import { homePage } from "./pages/home";
import { watchPage } from "./pages/watch";

const root = document.querySelector("main");
if (root !== null) {
  const login = decodeURIComponent(location.pathname).replace(/^\/+|\/+$/g, "");
  if (login === "") {
    homePage(root);
  } else {
    watchPage(root, login.toLowerCase());
  }
}
