// The corner's card of a job: hushed, it stays away until that job ends.

const KEY = "hushed-jobs";

function hushed() {
  try { return new Set(JSON.parse(sessionStorage.getItem(KEY) ?? "[]")); } catch { return new Set(); }
}

function tidy() {
  const away = hushed();
  for (const card of document.querySelectorAll("[data-news]")) {
    if (away.has(card.dataset.news)) card.remove();
  }
}

document.addEventListener("click", (event) => {
  const card = event.target.closest?.("[data-hush]")?.closest("[data-news]");
  if (!card) return;
  sessionStorage.setItem(KEY, JSON.stringify([...hushed(), card.dataset.news].slice(-50)));
  card.remove();
});

document.addEventListener("htmx:oobAfterSwap", tidy);
