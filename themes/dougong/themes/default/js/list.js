// List pages: selection and its bar, j k x Enter, editing a cell in place.
const table = document.querySelector("table[data-object]");
const bulk = document.getElementById("bulk");
const rows = () => [...(table?.tBodies[0]?.rows ?? [])];
const box = (row) => row.querySelector("input[name=id]");
let last = null;

const tell = () => {
  if (!bulk || !table) return;
  const chosen = rows().filter((row) => box(row)?.checked).length;
  const said = bulk.querySelector("[data-count]");
  said.textContent = said.dataset.count.replace("#", chosen);
  const all = table.querySelector("[data-all]");
  all.checked = chosen > 0 && chosen === rows().length;
  all.indeterminate = chosen > 0 && !all.checked;
};

table?.addEventListener("click", (event) => {
  const input = event.target.closest("input[type=checkbox]");
  if (!input) return;
  if (input.matches("[data-all]")) rows().forEach((row) => { box(row).checked = input.checked; });
  else if (event.shiftKey && last) {
    const [from, to] = [rows().indexOf(last), rows().indexOf(input.closest("tr"))].sort((a, b) => a - b);
    rows().slice(from, to + 1).forEach((row) => { box(row).checked = input.checked; });
  }
  last = input.closest("tbody tr");
  tell();
});
bulk?.addEventListener("reset", () => setTimeout(tell));

const go = (step) => {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("tbody tr"));
  const row = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  row?.querySelector(".name a")?.focus();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const row = document.activeElement?.closest("tbody tr");
  if (event.key === "j" || event.key === "ArrowDown" && row) go(1);
  else if (event.key === "k" || event.key === "ArrowUp" && row) go(-1);
  else if (event.key === "x" && row) { box(row).click(); row.querySelector(".name a").focus(); }
  else if (event.key === "Escape" && rows().some((each) => box(each)?.checked)) bulk.reset();
  else return;
  event.preventDefault();
});

// Double click edits the cell where the column says so; Escape leaves it as it was.
const open = (cell) => {
  const name = table.tHead.rows[0].cells[cell.cellIndex]?.dataset.f;
  if (!name || cell.querySelector("form")) return;
  const kept = [...cell.childNodes].map((node) => node.cloneNode(true));
  const id = box(cell.parentElement).value;
  cell.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && cell.querySelector("form")) cell.replaceChildren(...kept);
  });
  htmx.ajax("GET", `/o/${table.dataset.object}/${id}/field/${name}?place=cell`, { target: cell, swap: "innerHTML" });
};
if (table && "editable" in table.dataset) {
  table.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("tbody td");
    if (cell && !event.target.closest("form")) { event.preventDefault(); getSelection().empty(); open(cell); }
  });
}
// The menu of a row is fetched when it is opened: most never are.
const menu = document.getElementById("row-menu");
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-menu]");
  if (!link || !menu || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href };
  const answer = await fetch(link.href, { headers });
  if (!answer.ok) { location.href = link.href; return; }
  menu.innerHTML = await answer.text();
  htmx.process(menu);
  menu.showPopover({ source: link });
  menu.querySelector("a, button")?.focus();
});
tell();
