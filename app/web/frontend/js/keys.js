// The keyboard: a letter presses what carries it in `data-key`. Letters alone can be switched off, and never act on typing.
import { dismissNewest } from "./toasts.js";
import { openPalette } from "./palette.js";

const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const ROWS = "main .tb tbody tr, main [data-row]";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    if (key === "k" && openPalette()) event.preventDefault();
    if (key === "s" && save()) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (key === "Escape") return void dismissNewest();
  if (document.body.dataset.keys === "off" || event.target.closest?.(TYPING)) return;
  const done = key === "/" ? openPalette() : key === "j" ? step(1) : key === "k" ? step(-1) : press(key);
  if (done) event.preventDefault();
});

/** Press the first visible thing that carries `key`. */
function press(key) {
  if (key.length !== 1 || key === '"' || key === "\\") return false;
  const found = [...document.querySelectorAll(`[data-key="${key}"]`)].find((item) => item.checkVisibility());
  if (!found) return false;
  const menu = found.tagName === "SUMMARY" ? found.parentElement : null;
  if (menu) {
    menu.open = true;
    (menu.querySelector(".mi") ?? found).focus();
  } else {
    found.focus();
    found.click();
  }
  return true;
}

/** Put the focus on the row `by` further on; Enter then follows its link as it would anywhere. */
function step(by) {
  const links = [...document.querySelectorAll(ROWS)]
    .map((row) => row.querySelector("td.lead a[href], a[data-open], a[href]")).filter((link) => link?.checkVisibility());
  if (!links.length) return false;
  const at = links.findIndex((link) => link.closest("tr, [data-row]").contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
  return true;
}

/** Send the form somebody is at, else the page's own; never one that changes something with one press. */
function save() {
  const near = document.activeElement?.closest("form.form[method=post]");
  const form = near ?? document.querySelector("dialog[open] form.form[method=post], main form.form[method=post]:not(.composer)");
  if (!form) return false;
  form.requestSubmit(form.querySelector("button[type=submit].b-p"));
  return true;
}

// In an open menu the arrows walk.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = [...menu.querySelectorAll(".mi, .pop .b")].filter((item) => item.checkVisibility());
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  const wanted = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
  items.at(wanted % items.length)?.focus();
  event.preventDefault();
});

for (const hint of document.querySelectorAll("kbd[data-mac]")) {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) hint.textContent = hint.dataset.mac;
}
