// The one box: what is typed goes to the server by POST, so that no address and no log holds it; keys choose and open.

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input[name=q]");
const hits = document.getElementById("hits");
// Enter came before the answer did: the first hit is opened when it is there.
let impatient = false;
let answered = null;

/** Open the box; whether there is one on this page. */
export function openPalette(text = "") {
  if (!dialog) return false;
  if (dialog.open) return true;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  input.value = text;
  answered = null;
  dialog.showModal();
  input.focus();
  ask();
  return true;
}

function ask() {
  input.dispatchEvent(new Event("palette:ask"));
}

const options = () => [...hits.querySelectorAll("[role=option]")];
const selected = () => hits.querySelector("[aria-selected=true]");

function select(item) {
  selected()?.setAttribute("aria-selected", "false");
  item?.setAttribute("aria-selected", "true");
  item?.scrollIntoView({ block: "nearest" });
  if (item) input.setAttribute("aria-activedescendant", item.id);
  else input.removeAttribute("aria-activedescendant");
}

function follow() {
  if (answered !== input.value.trim()) {
    impatient = true;
    return;
  }
  selected()?.click();
}

if (dialog) {
  const box = document.querySelector("form[data-palette] input[name=q]");
  const opens = (event) => {
    if (event.type === "keydown" && (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey)) return;
    // The key that opened the box is typed into it: the focus has moved before the letter is.
    openPalette(event.type === "keydown" ? "" : box.value);
  };
  box?.addEventListener("click", opens);
  box?.addEventListener("keydown", opens);

  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    follow();
  });
  dialog.addEventListener("close", () => { impatient = false; hits.replaceChildren(); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    const all = options();
    const at = all.indexOf(selected()) + (event.key === "ArrowDown" ? 1 : -1);
    if (all.length) select(all.at(at % all.length));
  });
  hits.addEventListener("pointermove", (event) => {
    const item = event.target.closest("[role=option]");
    if (item && item !== selected()) select(item);
  });
  dialog.addEventListener("htmx:afterSwap", (event) => {
    answered = (event.detail.requestConfig?.parameters?.q ?? event.detail.requestConfig?.formData?.get("q") ?? "").trim();
    select(options()[0]);
    if (impatient && answered === input.value.trim()) {
      impatient = false;
      follow();
    }
  });
}

// A record that was opened is offered again: said by POST after the page is there, so that reading changes nothing.
const seen = document.querySelector("[data-recent]");
const token = document.querySelector("input[name=csrf_token]");
if (seen && token) {
  const said = new FormData();
  said.set("item", seen.dataset.recent);
  said.set("csrf_token", token.value);
  navigator.sendBeacon(seen.dataset.recentUrl, said);
}
