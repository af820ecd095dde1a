// Native dialogs: the browser keeps the focus inside and gives it back; here they open, fill and close.
import htmx from "htmx.org";

/** Show `dialog` over the page, once. */
export function open(dialog) {
  if (!dialog.open) dialog.showModal();
}

/** Show the part `select` of the page at `url` in the one dialog for such parts; the page itself where that fails. */
export async function openSheet(url, select) {
  const sheet = document.getElementById("drawer");
  const body = document.getElementById("drawer-body");
  body.replaceChildren();
  await htmx.ajax("GET", url, { target: body, select, swap: "innerHTML" });
  if (!body.firstElementChild) return location.assign(url);
  document.getElementById("drawer-title").textContent = body.querySelector("[data-title]")?.dataset.title ?? "";
  open(sheet);
}

document.addEventListener("click", (event) => {
  const part = event.target.closest("a[data-sheet]");
  if (part && !event.ctrlKey && !event.metaKey && !event.shiftKey && document.getElementById("drawer")) {
    event.preventDefault();
    openSheet(part.href, part.dataset.sheet);
    return;
  }
  event.target.closest("dialog [data-close]")?.closest("dialog").close();
});

// A press beside a dialog closes it; a press that began inside, such as a selection of text, does not.
document.addEventListener("pointerdown", (event) => {
  if (event.target.tagName !== "DIALOG" || event.target.dataset.stay !== undefined) return;
  const box = event.target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right
    && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) event.target.close();
});
