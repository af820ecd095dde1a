// What is typed outlives the page: a refresh, a crash, or a session that ends. Kept in this tab, for this user alone.
import { showPasskeys } from "./passkeys.js";
import { toast } from "./toasts.js";

const KEY = "draft:";
const again = document.body.dataset.again ?? "";
// The end of the signed mark: who is signed in, and nothing anybody could read.
const owner = again.slice(-16);
const SURE_MS = 60000;
const UNKEPT = "[type=password], [type=file], [type=hidden], [type=submit], [type=button], [type=search]";
const initial = new WeakMap();
let seenAlive = Date.now();

const forms = () => (again ? [...document.querySelectorAll("main form.form[method=post]")] : []).filter(isDrafted);
const isDrafted = (form) => form.matches("form.form[method=post]") && form.dataset.nodraft === undefined
  && form.enctype !== "multipart/form-data" && !form.closest("[data-listing], dialog");
const keyOf = (form) => `${KEY}${owner}:${new URL(form.action).pathname}`;
const all = () => Object.keys(sessionStorage).filter((key) => key.startsWith(KEY));

function read(key) {
  try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
}

function write(key, draft) {
  try { sessionStorage.setItem(key, JSON.stringify(draft)); } catch { /* No room: the form still works. */ }
}

function fieldsOf(form) {
  const values = {};
  for (const item of form.elements) {
    if (!item.name || item.matches(UNKEPT) || item.disabled) continue;
    const value = item.type === "checkbox" || item.type === "radio" ? (item.checked ? [item.value] : []) : [item.value];
    values[item.name] = [...(values[item.name] ?? []), ...value];
  }
  return values;
}

/** The fields somebody changed since the page came. */
function changesOf(form) {
  const before = initial.get(form) ?? {};
  return Object.fromEntries(Object.entries(fieldsOf(form))
    .filter(([name, values]) => JSON.stringify(values) !== JSON.stringify(before[name])));
}

function keep(form) {
  const values = changesOf(form);
  if (Object.keys(values).length) write(keyOf(form), { values });
  else sessionStorage.removeItem(keyOf(form));
}

function fill(form, values) {
  for (const [name, kept] of Object.entries(values)) {
    const items = [...form.elements].filter((item) => item.name === name && !item.matches(UNKEPT));
    items.forEach((item, at) => {
      if (item.type === "checkbox" || item.type === "radio") item.checked = kept.includes(item.value);
      else if (kept[at] !== undefined) item.value = kept[at];
    });
  }
}

function restore(form) {
  initial.set(form, fieldsOf(form));
  const draft = read(keyOf(form));
  if (!draft) return;
  fill(form, draft.values);
  const pattern = document.getElementById("draft-pattern");
  if (!Object.keys(changesOf(form)).length || !pattern) return;
  const notice = pattern.content.firstElementChild.cloneNode(true);
  notice.querySelector("button").addEventListener("click", () => {
    fill(form, initial.get(form));
    sessionStorage.removeItem(keyOf(form));
    notice.remove();
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
  form.prepend(notice);
}

// What was sent has arrived when a page for somebody signed in comes back; a refusal is shown with what was typed.
const arrived = again && !document.querySelector(".problem");
for (const key of all()) {
  const draft = read(key);
  if (again && !key.startsWith(`${KEY}${owner}:`)) sessionStorage.removeItem(key);
  else if (draft?.sent && arrived) sessionStorage.removeItem(key);
  else if (draft?.sent) write(key, { values: draft.values });
}
for (const form of forms()) restore(form);

let waiting = 0;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!again || !form || !isDrafted(form)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => keep(form), 300);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (new URL(form.action, location).pathname === "/sign-out") all().forEach((key) => sessionStorage.removeItem(key));
  if (!again || !isDrafted(form) || event.defaultPrevented) return;
  if (form.dataset.alive || Date.now() - seenAlive < SURE_MS) {
    delete form.dataset.alive;
    clearTimeout(waiting);
    write(keyOf(form), { values: changesOf(form), sent: true });
    return;
  }
  // Before what was typed leaves, ask whether somebody is there to take it.
  event.preventDefault();
  keep(form);
  ask(form, event.submitter);
}, true);

async function ask(form, submitter) {
  let answer;
  try {
    answer = await renewTokens();
  } catch {
    return toast(document.body.dataset.offline, "warning");
  }
  if (answer.status === 401) return signInAgain(() => ask(form, submitter));
  seenAlive = Date.now();
  form.dataset.alive = "1";
  form.requestSubmit(submitter);
}

async function renewTokens() {
  const answer = await fetch("/session", { headers: { Accept: "application/json" } });
  if (!answer.ok) return answer;
  const { csrf_token: token } = await answer.json();
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  return answer;
}

/** Ask for the password or a passkey in place, then go on with `then`. */
export async function signInAgain(then) {
  const dialog = document.getElementById("again");
  const body = document.getElementById("again-body");
  const show = async (answer) => {
    body.innerHTML = await answer.text();
    showPasskeys(body);
    body.querySelector("[type=password]")?.focus();
  };
  await show(await fetch(`/sign-in/again?who=${encodeURIComponent(again)}`));
  if (!dialog.open) dialog.showModal();
  body.querySelector("[type=password]")?.focus();
  body.onsubmit = async (event) => {
    event.preventDefault();
    const form = event.target;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.status !== 204) return show(answer);
    body.replaceChildren();
    dialog.close();
    await renewTokens();
    then();
  };
}
