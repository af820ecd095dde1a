// The line that logs what happened: Enter saves it, Shift and Enter begins a new line.

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-compose]");
  if (!form || event.target.tagName !== "TEXTAREA" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  const button = [...form.querySelectorAll("button[type=submit]")].find((item) => item.checkVisibility());
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});
