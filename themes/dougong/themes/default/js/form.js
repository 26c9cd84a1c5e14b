// Forms: lookups that search, lines that grow and add up, choices that depend on others, a guard on leaving.
let timer;
let asked = 0;
const listbox = (fld) => fld.querySelector("[role=listbox]");
const pick = (fld, option) => {
  // What was chosen ends the search: an answer still on its way must not open the list again.
  clearTimeout(timer);
  asked += 1;
  const several = fld.querySelector(".choices");
  if (several && option) return tick(fld, several, option);
  const input = fld.querySelector("[role=combobox]");
  const hidden = fld.querySelector("input[type=hidden]");
  input.value = option ? option.dataset.title : input.value;
  hidden.value = option ? option.dataset.id : "";
  hidden.dispatchEvent(new Event("change", { bubbles: true }));
  shut(fld);
};
// A field that holds several records gets one more box, ticked.
const tick = (fld, several, option) => {
  const name = fld.querySelector("input[type=hidden]").name;
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value: option.dataset.id, checked: true });
  label.append(box, ` ${option.dataset.title}`);
  several.append(label);
  fld.querySelector("[role=combobox]").value = "";
  shut(fld);
};
const shut = (fld) => {
  const input = fld.querySelector("[role=combobox]");
  input?.setAttribute("aria-expanded", "false");
  for (const name of ["aria-activedescendant", "aria-controls"]) input?.removeAttribute(name);
  fld.querySelector(".look")?.remove();
};
const siblings = (form) => {
  const sent = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (typeof value === "string" && value && key !== "csrf") sent.append(`v.${key}`, value);
  return sent;
};
const find = async (fld) => {
  const input = fld.querySelector("[role=combobox]");
  const url = new URL(fld.dataset.lookup, location.href);
  url.searchParams.set("q", input.value);
  if (input.form && !("alone" in fld.dataset)) siblings(input.form).forEach((value, key) => url.searchParams.append(key, value));
  const mine = ++asked;
  const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  const html = answer.ok ? await answer.text() : "";
  if (mine !== asked || !input.matches(":focus")) return;
  shut(fld);
  fld.insertAdjacentHTML("beforeend", html);
  const box = listbox(fld);
  if (!box) return;
  box.id ||= `${input.id}-list`;
  [...box.children].forEach((option, at) => { option.id = `${box.id}-${at}`; });
  input.setAttribute("aria-controls", box.id);
  input.setAttribute("aria-expanded", "true");
  mark(fld, 0);
};
// While an answer is awaited the list is the one of other words: no key may choose from it.
const awaits = (fld) => listbox(fld)?.getAttribute("aria-busy") === "true";
const options = (fld) => [...(listbox(fld)?.querySelectorAll("[role=option]") ?? [])];
const mark = (fld, at) => {
  const all = options(fld);
  all.forEach((option, index) => option.setAttribute("aria-selected", index === at));
  all[at]?.scrollIntoView({ block: "nearest" });
  const input = fld.querySelector("[role=combobox]");
  if (all[at]) input.setAttribute("aria-activedescendant", all[at].id); else input.removeAttribute("aria-activedescendant");
};
document.addEventListener("input", (event) => {
  const fld = event.target.closest?.("[data-lookup]");
  if (!fld || !event.target.matches("[role=combobox]")) return;
  fld.querySelector("input[type=hidden]").value = "";
  clearTimeout(timer);
  asked += 1;
  listbox(fld)?.setAttribute("aria-busy", "true");
  timer = setTimeout(find, 160, fld);
});
document.addEventListener("focusin", (event) => {
  const fld = event.target.closest?.("[data-lookup]");
  if (fld && event.target.matches("[role=combobox]") && !event.target.value) find(fld);
  document.querySelectorAll("[data-lookup]:has(.look)").forEach((each) => { if (each !== fld) shut(each); });
});
document.addEventListener("keydown", (event) => {
  const fld = event.target.closest?.("[data-lookup]");
  if (!fld || !event.target.matches("[role=combobox]") || event.isComposing) return;
  if (awaits(fld) && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return event.preventDefault();
  const all = options(fld);
  const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" && !all.length) find(fld);
  else if (event.key === "ArrowDown") mark(fld, (at + 1) % all.length);
  else if (event.key === "ArrowUp" && all.length) mark(fld, (at + all.length - 1) % all.length);
  else if (event.key === "Enter" && all[at]) pick(fld, all[at]);
  else if (event.key === "Escape" && all.length) shut(fld);
  else return;
  event.preventDefault();
});
document.addEventListener("pointerdown", (event) => {
  const maker = event.target.closest?.("[data-make]");
  if (maker) {
    event.preventDefault();
    const fld = maker.closest("[data-lookup]");
    const url = new URL(maker.dataset.make, location.href);
    const input = fld.querySelector("[role=combobox]");
    // What is typed now: the list may be the one of a moment ago.
    for (const key of [...url.searchParams.keys()]) if (key.startsWith("v.")) url.searchParams.set(key, input.value);
    url.searchParams.set("sheet", input.id);
    shut(fld);
    htmx.ajax("GET", url.pathname + url.search, { target: "#sheet", swap: "innerHTML" });
  }
  const option = event.target.closest?.("[data-lookup] [role=option]");
  if (option) { event.preventDefault(); pick(option.closest("[data-lookup]"), option); }
});

// A rich text field fetches its editor; so does one that comes later with a sheet or a field in place.
const dressAll = () => {
  for (const each of document.querySelectorAll("textarea[data-rich]")) import(each.dataset.rich).then(({ dress }) => dress(each));
};
dressAll();
document.addEventListener("htmx:after:swap", dressAll);

// A province brings its cities, a city its districts; an address abroad has neither.
const offer = (select, html) => {
  select.replaceChildren(select.options[0]);
  select.insertAdjacentHTML("beforeend", html);
  select.value = "";
  select.disabled = select.options.length < 2;
};
const abroad = (address) => {
  const country = address.querySelector("[name$='.country']").value;
  for (const select of address.querySelectorAll("[data-region]")) {
    if (country !== "CN") select.disabled = true;
    else select.disabled = select.options.length < 2;
  }
};
document.querySelectorAll("[data-address]").forEach(abroad);
document.addEventListener("change", async (event) => {
  const address = event.target.closest?.("[data-address]");
  if (!address) return;
  if (event.target.name.endsWith(".country")) return abroad(address);
  const steps = [...address.querySelectorAll("[data-region]")];
  const at = steps.indexOf(event.target);
  if (at < 0) return;
  const [next, ...rest] = steps.slice(at + 1);
  const code = event.target.value;
  for (const each of rest) offer(each, "");
  if (!next) return;
  offer(next, "");
  if (!code) return;
  const answer = await fetch(`/regions?of=${code}`, { headers: { "HX-Request-Type": "partial" } });
  if (answer.ok && event.target.value === code) offer(next, await answer.text());
});

// A record made in place is chosen where it was asked for.
document.addEventListener("record-made", (event) => {
  const fld = document.getElementById(event.detail.input)?.closest("[data-lookup]");
  if (fld) pick(fld, { dataset: { id: event.detail.id, title: event.detail.title } });
  document.getElementById("sheet").close();
});

// Choosing a file sends it.
document.addEventListener("change", (event) => { if (event.target.matches?.("[data-send]")) event.target.form.requestSubmit(); });

// What others depend on asks the server what they offer and which places of the layout are shown, asked for or locked
// now; what was typed stays.
const refit = (form, drawn) => {
  for (const fresh of drawn.querySelectorAll("[data-when]")) {
    const there = document.getElementById(fresh.id);
    if (there && there.dataset.when !== fresh.dataset.when) there.replaceWith(fresh);
  }
  for (const each of form.querySelectorAll("[id^=s-], nav a")) {
    const fresh = each.id ? drawn.getElementById(each.id) : drawn.querySelector(`nav a[href="${each.getAttribute("href")}"]`);
    if (fresh) each.hidden = fresh.hidden;
  }
};
// What was filled in takes its place where nobody has typed since the form was sent; with it what is computed, and why.
const named = (within, name) => within.querySelector(`[name="${CSS.escape(name)}"]`);
const fill = (form, drawn, sent) => {
  for (const fresh of drawn.querySelectorAll("[data-follows]")) {
    const inputs = [...fresh.querySelectorAll("[name]:not([name=locked])")];
    const there = inputs.length && named(form, inputs[0].name)?.closest("[data-follows]");
    if (!there) continue;
    const untouched = inputs.every((each) => named(form, each.name)?.value === (sent.get(each.name) ?? named(form, each.name)?.value));
    if (untouched) {
      for (const each of inputs) Object.assign(named(form, each.name), each.type === "checkbox" ? { checked: each.checked } : { value: each.value });
    }
    const [why, said] = [there.querySelector(".from"), fresh.querySelector(".from")];
    if (why && said) { why.textContent = untouched ? said.textContent : ""; why.hidden = !why.textContent; }
  }
  for (const fresh of drawn.querySelectorAll("[name$=auto]")) if (named(form, fresh.name)) named(form, fresh.name).value = fresh.value;
  for (const fresh of drawn.querySelectorAll("[data-shown]")) {
    const there = form.querySelector(`[data-shown="${CSS.escape(fresh.dataset.shown)}"]`);
    if (there) there.replaceChildren(...fresh.childNodes);
  }
  for (const fresh of drawn.querySelectorAll("[data-total]")) {
    const there = form.querySelector(`#${fresh.closest("[data-lines]").id} [data-total="${fresh.dataset.total}"]`);
    if (there) there.textContent = fresh.textContent;
  }
};
const offers = (field) => [...field.querySelectorAll("option, input")].map((each) => each.value).join("\n");
let redrawn = 0;
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-refresh]");
  const name = event.target.name?.replace(/-\d+\./, ".");
  // A field of several inputs (a percentage, an address) is named by all of them; the text of a lookup is no choice yet.
  if (form && name && form.dataset.refresh.split(" ").some((each) => name === each || (name.startsWith(`${each}.`) && !/\.(text|was)$/.test(name)))) redraw(form);
});
const redraw = async (form) => {
  const url = new URL(form.getAttribute("action"), location.href);
  url.searchParams.set("refresh", form.id);
  const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const mine = ++redrawn;
  const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true", "HX-Request-Type": "partial" } });
  if (!answer.ok || mine !== redrawn) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  refit(form, drawn);
  fill(form, drawn, body);
  for (const field of form.querySelectorAll("[data-depends]")) {
    const fresh = drawn.getElementById(field.id);
    if (!fresh || offers(fresh) === offers(field)) continue;
    const focused = field.contains(document.activeElement);
    field.replaceWith(fresh);
    if (focused) fresh.focus();
  }
};

// Lines: totals as one types (the server's count), a new row after the last, pasting from a sheet.
const number = (text) => Number(text.replace(/[,\s，]/g, "")) || 0;
const add = (lines) => {
  const model = lines.querySelector("template");
  const at = Number(lines.dataset.next);
  lines.dataset.next = at + 1;
  const html = model.innerHTML.replaceAll("__n__", at);
  lines.querySelector("tbody").insertAdjacentHTML("beforeend", html);
  const row = lines.querySelector("tbody").lastElementChild;
  htmx.process(row);
  return row;
};
const sum = (lines) => {
  for (const total of lines.querySelectorAll("[data-total]")) {
    const inputs = [...lines.querySelectorAll(`tbody tr:not(.gone) [name$=".${total.dataset.total}"]`)];
    if (!inputs.length) continue;
    const found = inputs.reduce((held, input) => held + number(input.value), 0);
    const scale = Number(total.dataset.scale);
    total.textContent = found.toLocaleString("en", {
      minimumFractionDigits: "whole" in total.dataset ? scale : 0, maximumFractionDigits: scale,
    });
  }
};
document.addEventListener("click", (event) => {
  const lines = event.target.closest?.("[data-lines]");
  if (!lines) return;
  if (event.target.closest("[data-add]")) {
    event.preventDefault();
    add(lines).querySelector("input:not([type=hidden]), select")?.focus();
  }
  const remove = event.target.closest("[data-remove]");
  if (remove) {
    const row = remove.closest("tr");
    if (row.querySelector("input[name$='.id']")?.value) { remove.checked = true; row.classList.add("gone"); row.hidden = true; } else row.remove();
    sum(lines);
    const form = lines.closest("form[data-refresh]");
    if (form?.dataset.refresh.includes(`${row.dataset.of}.`)) redraw(form);
  }
});
document.addEventListener("input", (event) => { const lines = event.target.closest?.("[data-lines]"); if (lines) sum(lines); });
document.addEventListener("paste", (event) => {
  const cell = event.target.closest?.("[data-lines] td");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!cell || !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  const lines = cell.closest("[data-lines]");
  let row = cell.parentElement;
  for (const line of text.replace(/\r/g, "").replace(/\n$/, "").split("\n")) {
    row ??= add(lines);
    line.split("\t").forEach((value, offset) => {
      const input = row.cells[cell.cellIndex + offset]?.querySelector("input:not([type=hidden]), select, textarea");
      if (input) { input.value = value.trim(); input.dispatchEvent(new Event("input", { bubbles: true })); }
    });
    row = row.nextElementSibling;
  }
  const form = lines.closest("form[data-refresh]");
  if (form) redraw(form);
});

// Leaving with changes asks.
let touched = false;
document.addEventListener("input", (event) => { if (event.target.closest?.("form[data-guard]")) touched = true; });
document.addEventListener("submit", () => { touched = false; });
addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
document.querySelector(".errs")?.focus();

// A link to a field of a form opens the part that it stands in, and leads the keyboard there.
if (location.hash.startsWith("#i-")) {
  const name = CSS.escape(location.hash.slice(3));
  const wanted = document.querySelector(`#i-${name}`) ?? document.querySelector(`#w-${name} :is(input, select, textarea)`);
  wanted?.closest("details")?.setAttribute("open", "");
  wanted?.focus();
  wanted?.scrollIntoView({ block: "center" });
}
