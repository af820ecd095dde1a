// Fetches what boards need when a page, or a part that was swapped in, has one.
function load() {
  const board = document.querySelector("[data-board]");
  if (board) import(board.dataset.board);
}

document.addEventListener("htmx:load", load);
load();
