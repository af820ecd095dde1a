// The second bundle, for pages with a board alone: cards are dragged by mouse or after a press that is held; the menu on
// each card sends the same form. The server decides: what it refuses goes back, with the reason.
import Sortable from "sortablejs";

const STILL = matchMedia("(prefers-reduced-motion: reduce)").matches;
const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
let dragged = false;

/** Make every board that is on the page now movable; those made before stay as they are. */
export function bind() {
  for (const list of document.querySelectorAll("[data-board] .bcol > ol")) {
    if (!Sortable.get(list)) sortable(list);
  }
}

function sortable(list) {
  const board = list.closest("[data-board]");
  Sortable.create(list, {
    group: { name: "board", put: (to, from, card) => goes(card, to.el) },
    draggable: ".bcard[data-to]",
    filter: ".mv, button, input",
    preventOnFilter: false,
    sort: false,
    animation: STILL ? 0 : 150,
    // The browser's own dragging knows neither touch nor the page's colours.
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: 4,
    delay: 250,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    ghostClass: "left",
    fallbackClass: "held",
    onStart: ({ item }) => {
      dragged = true;
      board.classList.add("moving");
      for (const column of board.querySelectorAll(".bcol")) {
        const own = column.contains(item);
        column.classList.toggle("can", !own && goes(item, column.querySelector("ol")));
        column.classList.toggle("cannot", !own && !goes(item, column.querySelector("ol")));
      }
    },
    onEnd: ({ item, from, to, oldIndex }) => {
      // The press that ends a drag is no press on the link below it.
      setTimeout(() => { dragged = false; });
      board.classList.remove("moving");
      for (const column of board.querySelectorAll(".can, .cannot")) column.classList.remove("can", "cannot");
      if (from === to) return;
      const back = () => from.insertBefore(item, from.children[oldIndex] ?? null);
      move(item, to.closest(".bcol").dataset.state, back);
    },
  });
}

function goes(card, list) {
  const state = list.closest(".bcol").dataset.state;
  return list.contains(card) || (card.dataset.to ?? "").split(" ").includes(state);
}

async function move(card, state, back) {
  const board = card.closest("[data-board]");
  const form = card.querySelector(".mv form");
  const body = new URLSearchParams(new FormData(form));
  body.set(board.dataset.argument, state);
  card.classList.add("sent");
  let refusal = board.dataset.lost;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) return refresh(board, card.dataset.row);
    const said = await answer.json();
    refusal = said.errors?.[0]?.detail ?? said.detail ?? refusal;
    // Somebody else was here first: the board shows what they did.
    if (answer.status === 409) refresh(board, card.dataset.row);
  } catch {
    // The server is out of reach: the card goes back with the words the page brought along.
  }
  card.classList.remove("sent");
  back();
  say(refusal, "error");
}

/** The board anew with its counts and sums, the focus on the card that moved. */
async function refresh(board, row) {
  const part = board.closest("#list") ?? board;
  const select = part.id ? `#${part.id}` : "[data-board]";
  await window.htmx.ajax("GET", location.href, { target: part, select, swap: "outerHTML show:none" });
  document.querySelector(`.bcard[data-row="${CSS.escape(row)}"] :is(a, summary)`)?.focus({ preventScroll: true });
}

document.addEventListener("submit", (event) => {
  const card = event.target.closest(".mv form")?.closest("[data-board] .bcard");
  if (!card || !event.submitter?.value) return;
  event.preventDefault();
  card.querySelector(".mv").open = false;
  move(card, event.submitter.value, () => card.querySelector("summary")?.focus());
});

document.addEventListener("click", (event) => {
  if (dragged && event.target.closest("[data-board]")) event.preventDefault();
}, true);

// M opens the menu of the card somebody is at, Escape closes it.
document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-board] .bcard");
  const menu = card?.querySelector(".mv");
  if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
  if (event.key.toLowerCase() !== "m" || document.body.dataset.keys === "off") return;
  menu.open = true;
  menu.querySelector("button, a").focus();
  event.preventDefault();
});

document.addEventListener("htmx:load", bind);
bind();
