// The formula editor: said while one types, what fits at the cursor, the help of the function around it.
const form = document.querySelector("form[data-formula]");
const text = form.elements.formula;
const beside = document.querySelector("[data-names]");
const PART = { "HX-Request": "true", "HX-Request-Type": "partial" };
const SHOWN = 9;
form.querySelectorAll(".only-scripts").forEach((each) => { each.hidden = false; });

// What the text means, asked for once typing pauses; an answer to an older text is dropped.
let pause;
let asked = 0;
const check = async () => {
  clearTimeout(pause);
  const mine = ++asked;
  const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const answer = await fetch(form.action, { method: "POST", body, headers: PART });
  if (!answer.ok || mine !== asked) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["said", "shown", "tested", "new-test"]) {
    const [here, there] = [document.getElementById(id), drawn.getElementById(id)];
    if (here && there && !here.contains(document.activeElement)) here.replaceChildren(...there.childNodes);
  }
  document.getElementById("said").dataset.canonical = drawn.getElementById("said").dataset.canonical;
};
const soon = () => { clearTimeout(pause); asked += 1; pause = setTimeout(check, 300); };
form.addEventListener("input", (event) => {
  if (["formula", "scale", "blanks", "returns"].includes(event.target.name)) soon();
});
const reopen = () => form.requestSubmit(form.querySelector("[name=do][value=check]"));
form.addEventListener("change", (event) => {
  if (event.target.name === "record" || event.target.name?.startsWith("test.")) check();
  if (event.target.name === "object") reopen();
});
// Another object may have been chosen before this script was there.
if (form.elements.object?.querySelector("[selected]")?.selected === false) reopen();

// A mistake leads to its place; what was probably meant is put there.
const put = (start, end, word, caret = word.length) => {
  text.focus();
  text.setRangeText(word, start, end, "end");
  text.setSelectionRange(start + caret, start + caret);
  text.dispatchEvent(new Event("input", { bubbles: true }));
};
form.addEventListener("click", async (event) => {
  const place = event.target.closest("[data-start]");
  const instead = event.target.closest("[data-instead]");
  const button = event.target.closest("[name=do]");
  if (instead) {
    const { start, end } = instead.closest("li").querySelector("[data-start]").dataset;
    event.preventDefault();
    put(Number(start), Number(end), instead.dataset.instead);
  } else if (place) {
    event.preventDefault();
    text.focus();
    text.setSelectionRange(Number(place.dataset.start), Number(place.dataset.end));
  } else if (button?.value === "check") {
    event.preventDefault();
    check();
  } else if (button?.value === "format") {
    event.preventDefault();
    await check();
    const { canonical } = document.getElementById("said").dataset;
    if (canonical) put(0, text.value.length, canonical);
    else form.requestSubmit(button);
  }
});

// What may be written here, from the lists beside the text.
let known = [];
const list = document.getElementById("offered");
const offers = document.getElementById("offers");
const read = (each) => {
  const { field, function: called } = each.dataset;
  const said = each.querySelector(field ? "span" : ".what").textContent;
  return { element: each, name: field ?? called, said, type: each.querySelector("small")?.textContent ?? "", called };
};
fetch(beside.dataset.names, { headers: PART }).then(async (answer) => {
  if (!answer.ok) return;
  document.getElementById("names").innerHTML = await answer.text();
  known = [...document.querySelectorAll("#names [data-field], #names [data-function]")].map(read);
  help();
});
const before = () => text.value.slice(0, text.selectionStart);
const quoted = (said) => said.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, "").match(/["']/) !== null;
const word = () => before().match(/[$\p{L}\p{N}_.]*$/u)[0];
const rank = (each, part) => {
  const name = each.name.toLowerCase();
  if (name.startsWith(part)) return name.includes(".", part.length) ? 1 : 0;
  if (name.includes(part)) return 2;
  return each.said.toLowerCase().includes(part) && !each.called ? 3 : 9;
};
const shut = () => {
  offers.hidden = true;
  list.replaceChildren();
  for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) text.removeAttribute(name);
};
const offer = (always) => {
  const part = word().toLowerCase();
  if ((!part && !always) || /^\d/.test(part) || quoted(before())) return shut();
  const fits = known.map((each) => [rank(each, part), each]).filter(([at]) => at < 9).sort(([a], [b]) => a - b).slice(0, SHOWN);
  if (!fits.length || (fits.length === 1 && fits[0][1].name.toLowerCase() === part)) return shut();
  list.replaceChildren(...fits.map(([, each], at) => {
    const option = document.createElement("li");
    option.id = `offered-${at}`;
    option.role = "option";
    option.dataset.name = each.name;
    if (each.called) option.dataset.called = "";
    for (const [tag, said] of [["code", each.name], ["span", each.said], ["small", each.type]]) {
      option.append(Object.assign(document.createElement(tag), { textContent: said }));
    }
    return option;
  }));
  offers.hidden = false;
  text.setAttribute("aria-controls", list.id);
  text.setAttribute("aria-autocomplete", "list");
  mark(0);
};
const marked = () => [...list.children].findIndex((each) => each.getAttribute("aria-selected") === "true");
const mark = (at) => {
  [...list.children].forEach((each, index) => each.setAttribute("aria-selected", String(index === at)));
  list.children[at].scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", list.children[at].id);
};
const take = (option) => {
  const { name } = option.dataset;
  const end = text.selectionStart;
  const call = "called" in option.dataset && text.value[end] !== "(";
  put(end - word().length, end, call ? `${name}()` : name, name.length + (call ? 1 : 0));
  shut();
  help();
};
text.addEventListener("input", (event) => { if (!event.isComposing && event.inputType) offer(false); });
text.addEventListener("compositionend", () => offer(false));
text.addEventListener("blur", shut);
text.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const count = list.children.length;
  if (event.key === " " && event.ctrlKey) offer(true);
  else if (!count || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  else if (event.key === "ArrowDown") mark((marked() + 1) % count);
  else if (event.key === "ArrowUp") mark((marked() + count - 1) % count);
  else if (event.key === "Enter" || event.key === "Tab") take(list.children[marked()]);
  else if (event.key === "Escape") shut();
  else return;
  event.preventDefault();
});
list.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("[role=option]");
  event.preventDefault();
  if (option) take(option);
});

// The function whose name, or whose brackets, the cursor is in.
const around = () => {
  const all = before();
  const here = (word() + (text.value.slice(text.selectionStart).match(/^\w*/)[0])).toUpperCase();
  if (known.some((each) => each.called === here)) return here;
  let depth = 0;
  for (let at = all.length - 1; at >= 0; at -= 1) {
    if (all[at] === ")") depth += 1;
    else if (all[at] === "(" && depth) depth -= 1;
    else if (all[at] === "(") return all.slice(0, at).match(/\w*\s*$/)[0].trim().toUpperCase();
  }
  return "";
};
let helped = "";
const help = () => {
  const name = around();
  const found = known.find((each) => each.called && each.called === name);
  if (!found || name === helped) return;
  helped = name;
  document.getElementById("help").replaceChildren(...[...found.element.childNodes].map((each) => each.cloneNode(true)));
};
document.addEventListener("selectionchange", () => { if (document.activeElement === text) help(); });
document.querySelector(".formulas .errs[role=alert], #plan")?.focus();
