"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, cells } = data;
  const total = cells.rule.length;
  const PICKED = ["severity", "rule", "domain", "subject", "file"];
  const SEARCHED = ["rule", "domain", "subject", "record", "variable", "message", "mend", "source",
    "column", "value"];
  const SHOWN = ["severity", "rule", "domain", "subject", "record", "variable", "message", "source"];
  const PRINTED = 5000;
  const by = id => document.getElementById(id);
  const body = document.querySelector("#problems tbody");
  const head = document.querySelectorAll("#problems thead th");
  const state = { severity: "", rule: "", domain: "", subject: "", file: "" };
  let kept = [], shown = data.first, sorted = null, upward = true;

  const text = (column, row) => words[column][cells[column][row]];

  // Each word of the search box is looked for once in the words of each column, then a finding
  // is kept by looking up its numbers: that stays quick with a hundred thousand findings.
  function hits(needle) {
    return SEARCHED.map(column => {
      const flags = new Uint8Array(words[column].length);
      words[column].forEach((word, i) => { if (word.toLowerCase().includes(needle)) flags[i] = 1; });
      return [cells[column], flags];
    });
  }

  function choose() {
    const picked = PICKED.filter(column => state[column]).map(column =>
      [cells[column], words[column].indexOf(state[column])]);
    const needles = by("text").value.toLowerCase().split(/\s+/).filter(Boolean).map(hits);
    kept = [];
    for (let row = 0; row < total; row++) {
      if (picked.every(([column, wanted]) => column[row] === wanted)
        && needles.every(columns => columns.some(([column, flags]) => flags[column[row]]))) {
        kept.push(row);
      }
    }
    if (sorted) {
      const column = cells[sorted], sign = upward ? 1 : -1;
      kept.sort((a, b) => sign * (column[a] - column[b]) || a - b);
    }
  }

  function cell(row, column) {
    const td = document.createElement("td");
    const value = text(column, row);
    if (column === "severity") {
      td.className = value;
    }
    if (column === "subject" && value) {
      const pick = document.createElement("button");
      pick.type = "button";
      pick.className = "pick";
      pick.dataset.filter = "subject";
      pick.textContent = value;
      td.append(pick);
    } else {
      td.textContent = value;
    }
    if (column === "message" && text("mend", row)) {
      const mend = document.createElement("div");
      mend.className = "mend";
      mend.textContent = text("mend", row);
      td.append(mend);
    }
    if (column === "source" && text("column", row)) {
      td.append(", " + text("column", row));
    }
    return td;
  }

  function draw() {
    body.replaceChildren(...kept.slice(0, shown).map(row => {
      const tr = document.createElement("tr");
      tr.append(...SHOWN.map(column => cell(row, column)));
      return tr;
    }));
    const rest = kept.length - shown;
    by("more").hidden = rest <= 0;
    by("more").textContent = `Show more (${rest.toLocaleString("en")} left)`;
    by("count").textContent = `${kept.length.toLocaleString("en")} of ${total.toLocaleString("en")}`;
    by("subject").hidden = !state.subject;
    by("subject").textContent = `Subject ${state.subject} ×`;
    head.forEach(th => {
      const is = th.dataset.column === sorted;
      if (is) th.setAttribute("aria-sort", upward ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    });
  }

  function again() {
    shown = data.first;
    choose();
    draw();
    const parts = PICKED.filter(column => state[column]).map(column =>
      `${column}=${encodeURIComponent(state[column])}`);
    history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname);
  }

  function pick(column, value) {
    state[column] = value;
    if (by(column).tagName === "SELECT") by(column).value = value;
    again();
  }

  for (const column of ["severity", "rule", "domain", "file"]) {
    by(column).addEventListener("input", event => pick(column, event.target.value));
  }
  by("text").addEventListener("input", again);
  by("subject").addEventListener("click", () => pick("subject", ""));
  by("clear").addEventListener("click", () => {
    for (const column of PICKED) {
      state[column] = "";
      if (by(column).tagName === "SELECT") by(column).value = "";
    }
    by("text").value = "";
    sorted = null;
    upward = true;
    again();
  });
  by("more").addEventListener("click", () => { shown += 1000; draw(); });
  head.forEach(th => th.querySelector("button").addEventListener("click", () => {
    upward = sorted === th.dataset.column ? !upward : true;
    sorted = th.dataset.column;
    again();
  }));
  document.addEventListener("click", event => {
    const button = event.target.closest(".pick");
    if (!button) return;
    pick(button.dataset.filter, button.textContent);
    by("findings").scrollIntoView({ block: "start" });
  });

  const quoted = value => '"' + value.replaceAll('"', '""') + '"';
  by("save").addEventListener("click", () => {
    const columns = ["severity", "rule", "domain", "subject", "record", "variable", "value",
      "message", "mend", "file", "source", "column"];
    const lines = kept.map(row => columns.map(column => quoted(text(column, row))).join(","));
    const link = document.createElement("a");
    // Excel reads UTF-8 only behind a byte order mark.
    const file = new Blob(["\ufeff" + [columns.join(","), ...lines].join("\r\n") + "\r\n"],
      { type: "text/csv" });
    link.href = URL.createObjectURL(file);
    link.download = "findings.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  let before = 0;
  addEventListener("beforeprint", () => { before = shown; shown = PRINTED; draw(); });
  addEventListener("afterprint", () => { shown = before; draw(); });

  for (const part of location.hash.slice(1).split("&")) {
    const [column, value] = part.split("=");
    if (PICKED.includes(column) && value) {
      state[column] = decodeURIComponent(value);
      if (by(column).tagName === "SELECT") by(column).value = state[column];
    }
  }
  for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
  choose();
  draw();
})();
