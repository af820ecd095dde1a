// Menus close on Escape and on a press elsewhere; changes that cannot be taken back ask first, in a dialog.

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, event.submitter).then((yes) => {
    if (!yes) return;
    form.dataset.confirmed = "1";
    form.requestSubmit(event.submitter);
  });
}, true);

/** Resolves to whether the person agreed; the focus returns to the button that asked. */
function ask(question, button) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  text.textContent = question;
  const choices = document.createElement("div");
  choices.className = "acts";
  const no = document.createElement("button");
  no.className = "b";
  no.textContent = document.body.dataset.cancel ?? "Cancel";
  const yes = document.createElement("button");
  yes.className = "b b-p";
  yes.textContent = button?.textContent.trim() || "OK";
  choices.append(no, yes);
  dialog.append(text, choices);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answer = false;
    yes.addEventListener("click", () => { answer = true; dialog.close(); });
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); button?.focus(); resolve(answer); });
    dialog.showModal();
    no.focus();
  });
}
