// The desk of a deal: figures follow what is typed, and the foot says what is not saved yet. Without this there are buttons.
const form = document.getElementById("sheet");
const unsaved = document.getElementById("unsaved");
const PAUSE_MS = 60;
let waiting;

const isPart = (item) => item?.form === form && item.name && item.type !== "hidden" && !/^solve/.test(item.name);
const isChanged = (item) => {
  if (item.type === "checkbox" || item.type === "radio") return item.checked && item.checked !== item.defaultChecked;
  if (item.tagName === "SELECT") {
    const before = [...item.options].find((option) => option.defaultSelected) ?? item.options[0];
    return item.value !== before?.value;
  }
  return item.value !== item.defaultValue;
};

function count() {
  const changed = [...form.elements].filter((item) => isPart(item) && item.matches("input, select, textarea") && isChanged(item)).length;
  unsaved.textContent = changed ? unsaved.dataset.some.replace("{count}", changed) : unsaved.dataset.none;
  document.getElementById("sheet-reset").hidden = !changed;
}

function reckon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => window.htmx.trigger(form, "reckon"), PAUSE_MS);
}

function changed(event) {
  if (!isPart(event.target)) return;
  count();
  reckon();
}

if (form && unsaved) {
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);
  form.addEventListener("reset", () => setTimeout(() => { count(); reckon(); }));
  // The answer to "which number gives this payment" is written into its field, as if it had been typed.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-fill]");
    const field = button && form.elements[button.dataset.fill];
    if (!field) return;
    event.preventDefault();
    field.value = button.value.slice(button.value.indexOf("=") + 1);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  // Terms that open below the foot of the page come into sight with all they hold.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".terms[open]")) event.target.closest(".opt").scrollIntoView({ block: "nearest" });
  }, true);
  // What was wrong a moment ago is said anew or not at all.
  form.addEventListener("htmx:beforeSwap", () => {
    for (const slot of document.querySelectorAll(".err[id^='x-']")) slot.textContent = "";
  });
  // A new line is there to be filled in.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "sheet-lines" || event.detail.target?.id === "sheet-ways") {
      event.detail.target.lastElementChild?.querySelector("input:not([type=radio]), select")?.focus();
      count();
    }
  });
  count();
  // A draft that came back after a refresh has its figures again.
  if (!document.getElementById("sheet-reset").hidden) reckon();
}
