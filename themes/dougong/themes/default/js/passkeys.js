// Passkeys: a form that names where its options are asks the device, and sends what the device answers.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));

const create = async (options) => {
  const user = { ...options.user, id: bytes(options.user.id) };
  const made = await navigator.credentials.create({
    publicKey: { ...options, user, challenge: bytes(options.challenge), excludeCredentials: known(options.excludeCredentials) },
  });
  return answer(made, { attestationObject: text(made.response.attestationObject), transports: made.response.getTransports?.() ?? [] });
};
const get = async (options) => {
  const found = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) },
  });
  const { authenticatorData, signature, userHandle } = found.response;
  return answer(found, {
    authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle && text(userHandle),
  });
};
const answer = (credential, response) => JSON.stringify({
  id: credential.id, rawId: text(credential.rawId), type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment, clientExtensionResults: {},
  response: { clientDataJSON: text(credential.response.clientDataJSON), ...response },
});

const ask = async (form) => {
  const sent = await fetch(form.dataset.options, { method: "POST", headers: { "x-csrf-token": form.elements.csrf.value } });
  if (sent.redirected || !sent.headers.get("content-type")?.startsWith("application/json")) {
    location.assign(sent.redirected ? sent.url : location.href); // the proof of identity is too old by now
    return;
  }
  const options = await sent.json();
  form.elements.credential.value = await (form.dataset.passkey === "create" ? create(options) : get(options));
  form.submit();
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue; // no https, or an old browser: the other ways stay
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [note, button] = [form.querySelector("[role=alert]"), form.querySelector("button")];
    note.hidden = true;
    button.disabled = true;
    ask(form).catch(() => { note.hidden = false; }).finally(() => { button.disabled = false; });
  });
}
