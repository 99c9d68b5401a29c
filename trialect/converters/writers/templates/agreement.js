"use strict";
(() => {
  const table = document.getElementById("agreement");
  const box = document.querySelector("[data-agreement]");
  if (!table || !box) return;
  const body = table.tBodies[0];
  const rows = [...body.rows].map(row => ({ row, text: row.textContent.toLowerCase() }));
  const [state, theme] = box.querySelectorAll("select");
  const words = box.querySelector("input"), told = box.querySelector("[role=status]");
  const show = () => {
    const wanted = words.value.toLowerCase();
    let kept = 0;
    for (const { row, text } of rows) {
      const here = row.dataset.state;
      const fits = (!state.value || here === state.value || (state.value === "-" && here !== "agree"))
        && (!theme.value || row.dataset.theme === theme.value)
        && (!wanted || text.includes(wanted));
      row.hidden = !fits;
      kept += fits;
    }
    told.textContent = `${kept.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  };
  for (const one of [state, theme, words]) one.addEventListener("input", show);
  box.querySelector("button").addEventListener("click", () => {
    state.value = theme.value = words.value = "";
    show();
  });
  const key = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.order ? Number(cell.dataset.order) : cell.textContent.trim();
  };
  table.tHead.addEventListener("click", event => {
    const head = event.target.closest("th");
    if (!head) return;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const place = head.cellIndex, sign = down ? -1 : 1;
    const keyed = rows.map(one => [key(one.row, place), one.row]);
    keyed.sort(([a], [b]) => sign * (typeof a === "number" ? a - b
      : a.localeCompare(b, "en", { numeric: true })));
    body.append(...keyed.map(([, row]) => row));
  });
  state.value = box.dataset.agreement;
  box.hidden = false;
  show();
})();
