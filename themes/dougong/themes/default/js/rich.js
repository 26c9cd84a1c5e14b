// Rich text: an editor over a textarea, which stays what is sent. The server sanitises what comes.
const dressed = new WeakMap();
const SCHEMES = /^(https?|mailto|tel):/i;
const DROPPED = "script, style, template, iframe, object, title, head";
const bareOf = (node, allowed) => {
  for (const child of [...node.children]) {
    bareOf(child, allowed);
    const name = child.localName;
    if (!allowed.has(name) || name === "a" && !SCHEMES.test(child.getAttribute("href"))) { child.replaceWith(...child.childNodes); continue; }
    for (const { name: attribute } of [...child.attributes]) {
      if (name !== "a" || attribute !== "href" && attribute !== "title") child.removeAttribute(attribute);
    }
  }
};
// Handlers and styles would be noted as violations of the policy while they are read, before they can be dropped.
const muted = (html) => html.replace(/<[^>]*>/g, (tag) => tag.replace(/([\s/"'])(on\w+|style)(?=\s*=)/gi, "$1data-off"));
// What is pasted keeps the tags that the server keeps. It is read in a document that runs and loads nothing.
const clean = (html, allowed) => {
  const read = new DOMParser().parseFromString(muted(html), "text/html");
  read.querySelectorAll(DROPPED).forEach((each) => each.remove());
  bareOf(read.body, allowed);
  const found = document.createDocumentFragment();
  found.append(...document.importNode(read.body, true).childNodes);
  return found;
};
const retag = (editor, from, to) => editor.modifyBlocks((blocks) => {
  for (const block of [...blocks.children]) {
    if (block.localName !== from) continue;
    const made = document.createElement(to);
    made.append(...block.childNodes);
    block.replaceWith(made);
  }
  return blocks;
});
const TAGS = { bold: "B", italic: "I", underline: "U", heading: "H3", bullets: "UL", numbers: "OL", quote: "BLOCKQUOTE", link: "A" };
const DO = {
  bold: (editor, on) => on ? editor.removeBold() : editor.bold(),
  italic: (editor, on) => on ? editor.removeItalic() : editor.italic(),
  underline: (editor, on) => on ? editor.removeUnderline() : editor.underline(),
  heading: (editor, on) => on ? retag(editor, "h3", "p") : retag(editor, "p", "h3"),
  bullets: (editor, on) => on ? editor.removeList() : editor.makeUnorderedList(),
  numbers: (editor, on) => on ? editor.removeList() : editor.makeOrderedList(),
  quote: (editor, on) => on ? editor.decreaseQuoteLevel() : editor.increaseQuoteLevel(),
  clear: (editor) => editor.removeAllFormatting(),
};
// The toolbar is one stop of the Tab key; arrows walk in it.
const walk = (bar, event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const all = [...bar.querySelectorAll("button[data-do]")];
  const at = all.indexOf(document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  all[at].tabIndex = -1;
  const next = all[(at + step + all.length) % all.length];
  next.tabIndex = 0;
  next.focus();
};
const linking = (bar, editor) => {
  const box = bar.querySelector(".rich-link");
  const input = Object.assign(document.createElement("input"), { className: "in", inputMode: "url", placeholder: "https://" });
  const button = Object.assign(document.createElement("button"), { className: "btn s", type: "button", textContent: box.dataset.apply });
  input.setAttribute("aria-label", box.dataset.said);
  box.replaceChildren(input, button);
  const shut = () => { box.hidden = true; editor.focus(); };
  const apply = () => {
    const typed = input.value.trim();
    const url = !typed || SCHEMES.test(typed) ? typed : typed.includes("@") ? `mailto:${typed}` : `https://${typed}`;
    shut();
    if (url) editor.makeLink(url); else editor.removeLink();
  };
  button.addEventListener("click", apply);
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") { event.preventDefault(); apply(); }
    if (event.key === "Escape") { event.preventDefault(); shut(); }
  });
  return () => {
    const node = editor.getSelection().commonAncestorContainer;
    input.value = (node.closest ? node : node.parentElement).closest("a")?.getAttribute("href") ?? "";
    box.hidden = false;
    input.focus();
  };
};
export const dress = async (textarea) => {
  if (dressed.get(textarea)?.isConnected) return;
  const { default: Squire } = await import(textarea.dataset.engine);
  if (!textarea.isConnected || dressed.get(textarea)?.isConnected) return;
  // A form drawn again keeps its elements: a fresh bar has no handlers of an editor that is gone.
  const stale = textarea.previousElementSibling;
  const bar = stale.cloneNode(true);
  stale.replaceWith(bar);
  const label = textarea.closest(".fld")?.querySelector("label");
  const root = document.createElement("div");
  root.className = "in prose rich";
  root.setAttribute("role", "textbox");
  root.setAttribute("aria-multiline", "true");
  if (textarea.getAttribute("aria-invalid")) root.setAttribute("aria-invalid", "true");
  if (textarea.hasAttribute("aria-describedby")) root.setAttribute("aria-describedby", textarea.getAttribute("aria-describedby"));
  if (textarea.placeholder) root.dataset.placeholder = textarea.placeholder;
  if (label) {
    label.id ||= `${textarea.id}-label`;
    root.setAttribute("aria-labelledby", label.id);
    label.addEventListener("click", (event) => { event.preventDefault(); root.focus(); });
  }
  // A link to the field, such as that of the list of errors, leads to the editor.
  root.id = textarea.id;
  textarea.removeAttribute("id");
  dressed.set(textarea, root);
  textarea.hidden = true;
  textarea.after(root);
  const allowed = new Set(textarea.dataset.tags.split(" "));
  const editor = new Squire(root, { blockTag: "P", sanitizeToDOMFragment: (html) => clean(html, allowed) });
  const empty = () => { root.toggleAttribute("data-empty", !root.textContent.trim() && !root.querySelector("li, hr, td")); };
  editor.setHTML(textarea.value);
  empty();
  editor.addEventListener("input", () => {
    empty();
    textarea.value = root.textContent.trim() ? editor.getHTML() : "";
  });
  // Tab leaves the editor as it leaves every input; Ctrl+] and Ctrl+[ move lines of a list in and out.
  editor.setKeyHandler("Tab", null).setKeyHandler("Shift-Tab", null);
  const ask = linking(bar, editor);
  const command = /Mac/.test(navigator.platform) ? "Meta-" : "Ctrl-";
  editor.setKeyHandler(`${command}k`, (_, event) => { event.preventDefault(); ask(); });
  editor.addEventListener("pathChange", () => {
    for (const button of bar.querySelectorAll("[data-do]")) {
      const tag = TAGS[button.dataset.do];
      if (tag) button.setAttribute("aria-pressed", editor.hasFormat(tag));
    }
  });
  bar.hidden = false;
  bar.addEventListener("mousedown", (event) => { if (event.target.closest("button")) event.preventDefault(); });
  bar.addEventListener("keydown", (event) => walk(bar, event));
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "link") return ask();
    DO[button.dataset.do](editor, editor.hasFormat(TAGS[button.dataset.do] ?? "NONE"));
    editor.focus();
  });
};
