// A value is changed where it stands: the pencil fetches the edit page and shows that one field of its form.
// Everything else of the form goes along unseen, so that the server asks, merges and refuses as it always does.
import htmx from "htmx.org";
import { signInAgain } from "./drafts.js";

const CLICKED = "a.edit[data-inline]";

document.addEventListener("click", (event) => {
  const pencil = event.target.closest(CLICKED);
  if (!pencil || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(pencil);
});

// E changes the value somebody is at; anywhere else it opens the whole form.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.inl");
  if (form && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(form);
  } else if (event.key === "e" && event.target.matches?.(CLICKED) && document.body.dataset.keys !== "off") {
    event.preventDefault();
    event.stopPropagation();
    open(event.target);
  }
}, true);

async function page(address, options) {
  const answer = await fetch(address, options);
  return { answer, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

async function open(pencil) {
  for (const other of document.querySelectorAll("form.inl")) close(other);
  const names = pencil.dataset.inline.split(" ");
  let found;
  try {
    found = await page(pencil.href);
  } catch {
    return location.assign(pencil.href);
  }
  const source = found.page.querySelector("main form.form[method=post]");
  const fields = source ? names.map((name) => fieldOf(source, name)) : [null];
  if (!found.answer.ok || fields.includes(null)) return location.assign(pencil.href);
  const cell = pencil.closest("dd, td");
  const form = document.createElement("form");
  form.className = "inl";
  form.method = "post";
  form.action = source.getAttribute("action");
  form.noValidate = true;
  for (const [name, value] of new FormData(source)) if (!names.includes(name)) form.append(hidden(name, value));
  for (const list of source.querySelectorAll("datalist")) form.append(document.adoptNode(list));
  form.append(...fields.map((field) => document.adoptNode(field)), buttons());
  cell.classList.add("editing");
  cell.append(form);
  const input = form.querySelector("input:not([type=hidden]), select, textarea");
  input.focus();
  input.select?.();
}

function fieldOf(form, name) {
  const item = form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`);
  return item ? item.closest(".fld") : null;
}

function hidden(name, value) {
  const made = document.createElement("input");
  Object.assign(made, { type: "hidden", name, value });
  return made;
}

function buttons() {
  return document.getElementById("inline-pattern").content.firstElementChild.cloneNode(true);
}

function close(form) {
  const cell = form.parentElement;
  form.remove();
  cell.classList.remove("editing");
  cell.querySelector(CLICKED)?.focus();
}

document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-revert]")?.closest("form.inl");
  if (form) close(form);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.inl")) return;
  event.preventDefault();
  send(event.target);
}, true);

async function send(form) {
  const names = form.parentElement.querySelector(CLICKED).dataset.inline;
  const body = new URLSearchParams(new FormData(form));
  let found;
  try {
    found = await page(form.action, { method: "POST", body });
  } catch {
    // Sent as any form, so that the browser says what is wrong.
    return HTMLFormElement.prototype.submit.call(form);
  }
  if (found.answer.status === 401) return signInAgain(() => send(form));
  const fields = names.split(" ").map((name) => fieldOf(found.page, name));
  if (found.answer.status === 422 && fields.every((field) => field) && fields.some((field) => field.matches(".bad"))) {
    const shown = names.split(" ").map((name) => fieldOf(form, name));
    shown.forEach((old, at) => old.replaceWith(document.adoptNode(fields[at])));
    form.querySelector("[aria-invalid]")?.focus();
    return;
  }
  show(found, names);
}

/** The page that answered takes the place of this one: the record as it is now, or the form with what was refused. */
function show({ answer, page: next }, names) {
  const main = document.getElementById("main");
  const messages = document.getElementById("toasts");
  const coming = next.getElementById("main");
  if (!coming || !messages) return location.assign(answer.url);
  messages.append(...coming.querySelectorAll("#toasts > .toast"));
  coming.querySelector("#toasts")?.remove();
  for (const child of [...main.childNodes]) if (child !== messages) child.remove();
  main.append(...coming.childNodes);
  if (answer.url !== location.href) history.pushState(null, "", answer.url);
  document.title = next.title;
  htmx.process(main);
  (document.querySelector("[data-focus]") ?? document.querySelector(`[data-inline="${names}"]`) ?? main).focus();
}
