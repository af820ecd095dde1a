// Passkeys: a button asks the server for a question, the browser for its answer, and sends the form with it.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (items) => (items ?? []).map((item) => ({ ...item, id: toBytes(item.id) }));

/** Show the buttons of `root` where the browser knows passkeys. */
export function showPasskeys(root) {
  if (!window.PublicKeyCredential) return;
  for (const part of root.querySelectorAll("[data-passkey-part]")) part.hidden = false;
}

showPasskeys(document);

const readCreation = (options) => ({
  ...options,
  challenge: toBytes(options.challenge),
  user: { ...options.user, id: toBytes(options.user.id) },
  excludeCredentials: withBytes(options.excludeCredentials),
});

const readRequest = (options) => ({
  ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials),
});

/** What the browser made or signed, as JSON. */
function written(credential) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const response = Object.fromEntries(parts.filter((name) => credential.response[name])
    .map((name) => [name, toText(credential.response[name])]));
  return JSON.stringify({
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {},
  });
}

async function answer(button) {
  const form = button.form;
  const said = form.querySelector("[data-passkey-said]");
  said.hidden = true;
  const asked = await fetch(button.dataset.options, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
  });
  const options = await asked.json();
  if (!asked.ok) {
    if (options.code === "proof_needed") {
      location.assign(`${button.dataset.confirmAt}?next=${encodeURIComponent(location.pathname + location.search)}`);
      return;
    }
    throw new Error(options.detail);
  }
  const credential = button.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: readCreation(options) })
    : await navigator.credentials.get({ publicKey: readRequest(options) });
  form.elements[button.dataset.into].value = written(credential);
  form.requestSubmit();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  button.disabled = true;
  try {
    await answer(button);
  } catch (error) {
    // The browser's own words (a NotAllowedError for whoever pressed Cancel) help nobody.
    const said = button.form.querySelector("[data-passkey-said]");
    said.textContent = error instanceof DOMException || error instanceof TypeError ? button.dataset.failed : error.message;
    said.hidden = false;
  } finally {
    button.disabled = false;
  }
});
