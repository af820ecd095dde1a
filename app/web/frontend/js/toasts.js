// Messages of the last change: they go by themselves after ten seconds, unless somebody is at them or they warn.

const BRIEF_MS = 10000;
const box = document.getElementById("toasts");
const leaving = new WeakMap();

/** Say `text` at the edge of the page: success, info, warning or error. A server says it by an event "toast". */
export function toast(text, kind = "info") {
  const pattern = document.getElementById("toast-pattern");
  if (!box || !pattern) return;
  const made = pattern.content.firstElementChild.cloneNode(true);
  const tones = { success: ["g", "check"], info: ["b", "info"], warning: ["a", "alert"], error: ["r", "alert"] };
  const [tone, sign] = tones[kind] ?? tones.info;
  made.classList.remove("note-b");
  made.classList.add(`note-${tone}`);
  made.setAttribute("role", kind === "error" ? "alert" : "status");
  made.toggleAttribute("data-brief", kind === "success" || kind === "info");
  made.querySelector(".grow").textContent = text;
  const use = made.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${sign}`));
  box.append(made);
}

function arm(item) {
  if (item.dataset.brief === undefined) return;
  clearTimeout(leaving.get(item));
  leaving.set(item, setTimeout(() => {
    if (item.matches(":hover, :focus-within")) arm(item);
    else dismiss(item);
  }, BRIEF_MS));
}

function dismiss(item) {
  // Whoever closed it with the keyboard goes on where the page begins, not at the top of the document.
  if (item.contains(document.activeElement)) document.getElementById("main")?.focus();
  item.remove();
}

/** Close the newest message; whether there was one. */
export function dismissNewest() {
  const item = box?.querySelector(".toast:last-of-type");
  if (item) dismiss(item);
  return Boolean(item);
}

if (box) {
  new MutationObserver((changes) => {
    for (const change of changes) for (const item of change.addedNodes) if (item.nodeType === 1) arm(item);
  }).observe(box, { childList: true });
  // Put in once more after the page is there: readers aloud speak what comes, not what has been there.
  for (const item of [...box.querySelectorAll(".toast")]) requestAnimationFrame(() => box.append(item));
}

document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-dismiss]")?.closest(".toast");
  if (item) dismiss(item);
});
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.kind));

// A page of which only a part was taken may have messages of its own.
document.addEventListener("htmx:beforeSwap", (event) => {
  const text = event.detail.serverResponse ?? "";
  if (!box || !text.includes('class="note toast')) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  box.append(...page.querySelectorAll("#toasts > .toast"));
});
