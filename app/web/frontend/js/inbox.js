// Opening what a notification is about marks it as read, without being in the way of the link.
function note(event) {
  const link = event.target.closest?.("a[data-read]");
  if (!link || (event.type === "auxclick" && event.button !== 1)) return;
  const token = link.closest("li").querySelector('input[name="csrf_token"]');
  const at = link.dataset.read;
  delete link.dataset.read;
  // `keepalive`: it arrives although the page is left.
  fetch(at, { method: "POST", body: new URLSearchParams({ csrf_token: token.value }), keepalive: true });
}

document.addEventListener("click", note);
document.addEventListener("auxclick", note);

// After a swap: the counts of the frame are the answer's too, and the keyboard goes on at the line that came up.
const COUNTS = ["nav.side", "header.top"].map((place) => `${place} a[href="/inbox"]`);
let line = -1;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.target?.closest?.("[data-inbox]")) return;
  const page = new DOMParser().parseFromString(event.detail.serverResponse ?? "", "text/html");
  for (const place of COUNTS) {
    const counted = page.querySelector(place);
    if (counted) document.querySelector(place)?.replaceWith(counted);
  }
  line = [...document.querySelectorAll("[data-inbox] .nt")].findIndex((item) => item.contains(document.activeElement));
});

document.addEventListener("htmx:afterSettle", () => {
  if (line < 0) return;
  const lines = document.querySelectorAll("[data-inbox] .nt");
  const next = lines[Math.min(line, lines.length - 1)];
  line = -1;
  (next?.querySelector(".acts form:last-child button") ?? document.getElementById("main"))?.focus();
});
