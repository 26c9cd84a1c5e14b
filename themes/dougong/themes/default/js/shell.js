// Every page: keyboard, messages that go away, the sheet (a dialog that holds a fragment), the tooltip of cut text.
const typing = (element) => element.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]");

const focusKey = (key) => {
  const element = [...document.querySelectorAll(`[data-key="${key}"]`)].find((each) => each.checkVisibility());
  if (!element) return false;
  if (element.matches("input")) element.select(); else element.click();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target) && event.target.matches(".find input")) event.target.blur();
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") document.getElementById("keys")?.togglePopover();
  else if (!/^[/a-z]$/.test(event.key) || !focusKey(event.key)) return;
  event.preventDefault();
});

const forget = (toast) => setTimeout(() => toast.matches(":hover, :focus-within") ? forget(toast) : toast.remove(), 7000);
const toasts = document.getElementById("toasts");
toasts?.querySelectorAll(".toast").forEach(forget);
if (toasts) {
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) forget(node);
  }).observe(toasts, { childList: true });
}

const sheet = document.getElementById("sheet");
document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-close]");
  if (closer) {
    const holder = closer.closest("dialog, .toast, [popover]");
    if (!holder) return;
    event.preventDefault();
    if (holder.matches("dialog")) holder.close(); else if (holder.matches(".toast")) holder.remove(); else holder.hidePopover();
  }
  if (event.target === sheet) sheet.close();
});
document.addEventListener("htmx:after:swap", (event) => {
  let target = event.detail.ctx.target;
  if (typeof target === "string") target = document.querySelector(target); // as an answer's HX-Retarget names it
  if (target === sheet && sheet.firstElementChild && !sheet.open) sheet.showModal();
  target?.querySelector?.("[autofocus]")?.focus();
});
document.addEventListener("htmx:error", () => {
  const note = document.getElementById("offline");
  if (note && toasts) toasts.append(note.content.cloneNode(true));
});

// A cell or name that is cut off says all of itself when pointed at.
document.addEventListener("pointerover", (event) => {
  const element = event.target.closest?.("td, .clip, .rail a > span, dd");
  if (element && !element.title && element.scrollWidth > element.clientWidth) element.title = element.innerText.trim();
});

// Printing is the browser's: the button is there where it can be asked for it.
document.querySelectorAll("[data-print-page]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => { button.closest("[popover]")?.hidePopover(); print(); });
});

// A form is sent once, but for what leaves the page where it is: one that is answered by a file, a button of another tab.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method === "get" || !button) return;
  if ("download" in event.target.dataset || "stays" in button.dataset) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "1";
  setTimeout(() => button.setAttribute("aria-busy", "true"));
});
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
});
