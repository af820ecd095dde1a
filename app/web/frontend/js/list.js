// Lists: rows open their preview, a bar counts what is chosen, columns change places. Everything works without it.
import htmx from "htmx.org";

const WIDE = matchMedia("(min-width: 1100px)");
const PHONE = matchMedia("(max-width: 760px)");
const rows = () => [...document.querySelectorAll("#list tr[data-row]")];
const boxes = () => [...document.querySelectorAll("#list tbody .selc input")];
const INTERACTIVE = "a, button, input, label, select, textarea, summary, [role=button]";
let lastBox = null;

// A press anywhere in a row shows it beside the list; text that is being selected is left alone.
document.addEventListener("click", (event) => {
  const row = event.target.closest("#list tr[data-row]");
  if (!row || event.target.closest(INTERACTIVE) || String(getSelection())) return;
  // A phone has no room beside the list: there the record itself is opened.
  const link = PHONE.matches ? row.querySelector(".lead a[href]") : row.querySelector("[data-peek]");
  link?.click();
});

function markCurrent() {
  const of = document.getElementById("peek")?.dataset.of;
  for (const row of rows()) row.classList.toggle("cur", Boolean(of) && row.dataset.row === of);
}

// While the preview is open it follows the focus, so that J and K leaf through the list.
let following = 0;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("#list tr[data-row]");
  const open = document.getElementById("peek")?.dataset.of;
  if (!row || open === undefined || !WIDE.matches || row.dataset.row === open || event.target.closest(".selc")) return;
  clearTimeout(following);
  following = setTimeout(() => row.querySelector("[data-peek]")?.click(), 120);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const into = event.detail.target;
  if (into.id === "list" || into.id === "peek") {
    markCurrent();
    countChosen();
  }
  if (into.id === "list") {
    document.getElementById("list-said").textContent = document.querySelector("#list [data-said]")?.textContent ?? "";
  }
  if (into.id === "peek" && !WIDE.matches) document.querySelector("[data-peek-body]")?.focus();
});

// Before menus hear of it: the key that closes a menu closes nothing behind it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open], details.menu[open]")) return;
  const close = document.querySelector("#peek [data-peek-close]");
  if (!close) return;
  const of = document.getElementById("peek").dataset.of;
  close.click();
  document.querySelector(`#list tr[data-row="${CSS.escape(of)}"] .lead a`)?.focus();
}, true);

// Choosing rows.
function countChosen() {
  const chosen = boxes().filter((box) => box.checked).length;
  const said = document.querySelector("[data-chosen]");
  const matching = document.querySelector("[data-matching]");
  if (said) said.textContent = matching?.checked ? "" : said.dataset.words.replace("#", chosen);
  const all = document.querySelector("[data-all]");
  if (!all) return;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("#list tbody .selc input");
  if (box) {
    const all = boxes();
    if (event.shiftKey && lastBox && all.includes(lastBox)) {
      const [from, to] = [all.indexOf(lastBox), all.indexOf(box)].sort((a, b) => a - b);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    lastBox = box;
    countChosen();
  }
  if (event.target.closest("[data-clear]")) {
    for (const chosen of boxes()) chosen.checked = false;
    const matching = document.querySelector("[data-matching]");
    if (matching) matching.checked = false;
    countChosen();
    document.querySelector("[data-all]")?.focus();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of boxes()) box.checked = event.target.checked;
    countChosen();
  }
  if (event.target.matches("[data-matching]")) countChosen();
});

// A change that has to be told something asks in a dialog, whose fields count only while it is open.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-bulk]");
  const dialog = button && document.getElementById(button.dataset.bulk);
  if (dialog) {
    event.preventDefault();
    dialog.querySelector("fieldset").disabled = false;
    dialog.addEventListener("close", () => { dialog.querySelector("fieldset").disabled = true; }, { once: true });
    dialog.showModal();
  }
  event.target.closest("[data-bulk-close]")?.closest("dialog").close();
});

// The form of a view, in a dialog instead of on a page of its own.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  const dialog = document.getElementById("list-dialog");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await htmx.ajax("GET", link.href, { target: dialog, swap: "innerHTML", select: "#view-form" });
  const form = dialog.querySelector("#view-form");
  if (!form) return location.assign(link.href);
  const heading = document.createElement("h2");
  heading.textContent = form.dataset.title;
  dialog.prepend(heading);
  const cancel = form.querySelector(".form .acts a");
  cancel?.addEventListener("click", (press) => { press.preventDefault(); dialog.close(); });
  dialog.addEventListener("close", () => link.focus(), { once: true });
  dialog.showModal();
  form.querySelector("[name=view_name]")?.focus();
});

// Columns change places in their form, which sends them as they stand.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  const item = button?.closest("li");
  if (!item) return;
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
});

markCurrent();
countChosen();
