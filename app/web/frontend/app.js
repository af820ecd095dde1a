// Small comforts over pages that work without any of this.
import htmx from "htmx.org";

import "./js/menus.js";
import "./js/dialogs.js";
import "./js/toasts.js";
import "./js/palette.js";
import "./js/keys.js";
import "./js/drafts.js";
import "./js/inline.js";
import "./js/composer.js";
import "./js/jobs.js";
import "./js/tray.js";
import "./js/inbox.js";
import "./js/list.js";
import "./js/charts.js";
import "./js/boards.js";
import "./js/going.js";
import "./js/desk.js";
import "./js/passkeys.js";
import "./js/pad.js";

window.htmx = htmx;
document.documentElement.classList.add("js");

// A refused form: bring its summary into view and to the keyboard.
document.querySelector("[data-focus]")?.focus();

// A choice that needs no second press.
for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// One press, one change: a form that is on its way is not sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  else form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
