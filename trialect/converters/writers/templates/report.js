"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  // A column of one word says only how many findings there are.
  const cells = Object.fromEntries(Object.entries(data.cells).map(([column, numbers]) =>
    [column, typeof numbers === "number" ? new Int32Array(numbers) : Int32Array.from(numbers)]));
  const total = cells.rule.length;
  const PICKED = ["severity", "rule", "domain", "subject", "file", "state", "explained", "group"];
  const SEARCHED = ["rule", "domain", "subject", "record", "variable", "message", "mend", "source",
    "column", "value", "explanation"];
  const SHOWN = ["severity", "rule", "domain", "subject", "record", "variable", "message", "source"];
  const PRINTED = 5000, CHUNK = 100, GUESS = 64;
  const by = id => document.getElementById(id);
  const table = by("problems");
  const head = table.querySelectorAll("thead th");
  const state = Object.fromEntries(PICKED.map(column => [column, ""]));
  let kept = [], items = [], groups = [], open = new Set(), sorted = null, upward = true;

  const text = (column, row) => words[column][cells[column][row]];
  const told = number => number.toLocaleString("en");

  // Each word of the search box is looked for once in the words of each column, then a finding
  // is kept by looking up its numbers: that stays quick with a hundred thousand findings.
  function hits(needle) {
    return SEARCHED.map(column => {
      const flags = new Uint8Array(words[column].length);
      words[column].forEach((word, i) => { if (word.toLowerCase().includes(needle)) flags[i] = 1; });
      return [cells[column], flags];
    });
  }

  function tests() {
    const made = ["severity", "rule", "domain", "subject", "file"].filter(c => state[c]).map(c => {
      const column = cells[c], wanted = words[c].indexOf(state[c] === "-" ? "" : state[c]);
      return row => column[row] === wanted;
    });
    const gone = words.state.indexOf("gone");
    if (state.state) {
      const wanted = words.state.indexOf(state.state);
      made.push(row => cells.state[row] === wanted);
    } else if (gone >= 0) {
      made.push(row => cells.state[row] !== gone);
    }
    if (state.explained) {
      const none = words.explanation.indexOf(""), want = state.explained === "yes";
      made.push(row => (cells.explanation[row] !== none) === want);
    }
    for (const needle of by("text").value.toLowerCase().split(/\s+/).filter(Boolean)) {
      const columns = hits(needle);
      made.push(row => columns.some(([column, flags]) => flags[column[row]]));
    }
    return made;
  }

  function choose() {
    const made = tests();
    kept = [];
    for (let row = 0; row < total; row++) {
      if (made.every(test => test(row))) kept.push(row);
    }
    if (sorted) {
      const column = cells[sorted], sign = upward ? 1 : -1;
      kept.sort((a, b) => sign * (column[a] - column[b]) || a - b);
    }
    open = new Set();
    gather();
  }

  // What the table lists: findings, or groups (-1, -2, ...) with the findings of those opened.
  function gather() {
    if (!state.group) {
      groups = [];
      items = kept;
      return;
    }
    const found = new Map();
    for (const row of kept) {
      const word = cells[state.group][row];
      if (!found.has(word)) found.set(word, { word, rows: [] });
      found.get(word).rows.push(row);
    }
    groups = [...found.values()].sort((a, b) => b.rows.length - a.rows.length || a.word - b.word);
    items = [];
    groups.forEach((group, place) => {
      items.push(-1 - place);
      if (open.has(group.word)) for (const row of group.rows) items.push(row);
    });
  }

  function element(name, className, content) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (content) made.textContent = content;
    return made;
  }

  function cell(row, column) {
    const value = text(column, row);
    const td = element("td", column === "severity" ? value : "");
    if (column === "subject" && value) {
      const pick = element("button", "pick", value);
      pick.type = "button";
      pick.dataset.filter = "subject";
      td.append(pick);
    } else {
      td.textContent = value;
    }
    if (column === "severity" && text("state", row)) {
      td.append(element("div", "mend " + text("state", row), text("state", row)));
    }
    if (column === "variable" && text("value", row)
      && !text("message", row).includes(text("value", row))) {
      td.append(element("div", "mend", text("value", row)));
    }
    if (column === "message") {
      if (text("mend", row)) td.append(element("div", "mend", text("mend", row)));
      if (text("explanation", row)) {
        td.append(element("div", "explained", "Explained: " + text("explanation", row)));
      }
    }
    if (column === "source" && text("column", row)) td.append(", " + text("column", row));
    return td;
  }

  function groupRow(group) {
    const tr = element("tr", "group"), th = element("th"), button = element("button");
    const name = words[state.group][group.word];
    const counts = words.severity.map((severity, place) => {
      const count = group.rows.reduce((sum, row) => sum + (cells.severity[row] === place), 0);
      return count ? `${told(count)} ${severity}${count === 1 ? "" : "s"}` : "";
    }).filter(Boolean).join(", ");
    button.type = "button";
    button.dataset.group = group.word;
    button.setAttribute("aria-expanded", open.has(group.word));
    button.append(element("b", "", name || "none"));
    if (state.group === "rule") button.append(" " + (data.titles[name] || ""));
    button.append(element("span", "soft", " " + counts));
    th.colSpan = SHOWN.length;
    th.scope = "rowgroup";
    th.append(button);
    tr.append(th);
    return tr;
  }

  function line(item) {
    if (item < 0) return groupRow(groups[-1 - item]);
    const tr = document.createElement("tr");
    tr.append(...SHOWN.map(column => cell(item, column)));
    return tr;
  }

  // The rows stand in blocks; only blocks near what the window shows are filled, the others are
  // as high as they were, or as high as rows are on average.
  const near = new IntersectionObserver(entries => {
    for (const entry of entries) {
      if (entry.isIntersecting) fill(entry.target);
      else if (entry.target.dataset.filled) empty(entry.target);
    }
  }, { rootMargin: "1500px" });
  let blocks = [], average = GUESS;

  function fill(block) {
    if (block.dataset.filled) return;
    const start = Number(block.dataset.start);
    block.replaceChildren(...items.slice(start, start + CHUNK).map(line));
    block.dataset.filled = "yes";
  }

  function empty(block, height = block.offsetHeight) {
    const tr = element("tr"), td = element("td", "gap");
    td.colSpan = SHOWN.length;
    td.style.height = height + "px";
    tr.append(td);
    block.replaceChildren(tr);
    delete block.dataset.filled;
  }

  function draw(filled = 1) {
    near.disconnect();
    for (const block of table.tBodies.length ? [...table.tBodies] : []) block.remove();
    blocks = [];
    for (let start = 0; start < items.length; start += CHUNK) {
      const block = element("tbody");
      block.dataset.start = start;
      blocks.push(block);
    }
    table.append(...blocks);
    blocks.slice(0, filled).forEach(fill);
    if (blocks.length && blocks[0].offsetHeight) {
      average = blocks[0].offsetHeight / Math.min(CHUNK, items.length);
    }
    blocks.slice(filled).forEach(block => {
      const rows = Math.min(CHUNK, items.length - Number(block.dataset.start));
      empty(block, Math.round(rows * average));
    });
    blocks.forEach(block => near.observe(block));
    by("count").textContent = `${told(kept.length)} of ${told(total)}`;
    by("subject").hidden = !state.subject;
    by("subject").textContent = `Subject ${state.subject} ×`;
    head.forEach(th => {
      const is = th.dataset.column === sorted;
      if (is) th.setAttribute("aria-sort", upward ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    });
  }

  function again() {
    choose();
    draw();
    const parts = PICKED.filter(column => state[column]).map(column =>
      `${column}=${encodeURIComponent(state[column])}`);
    history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname);
  }

  function set(column, value) {
    state[column] = value;
    if (by(column).tagName === "SELECT") by(column).value = value;
  }

  function pick(column, value) {
    set(column, value);
    again();
  }

  for (const column of PICKED.filter(one => by(one).tagName === "SELECT")) {
    by(column).addEventListener("input", event => pick(column, event.target.value));
  }
  by("text").addEventListener("input", again);
  by("subject").addEventListener("click", () => pick("subject", ""));
  by("clear").addEventListener("click", () => {
    for (const column of PICKED) set(column, "");
    by("text").value = "";
    sorted = null;
    upward = true;
    again();
  });
  head.forEach(th => th.querySelector("button").addEventListener("click", () => {
    upward = sorted === th.dataset.column ? !upward : true;
    sorted = th.dataset.column;
    again();
  }));
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.group) {
      const word = Number(button.dataset.group), isOpen = open.has(word);
      if (isOpen) open.delete(word); else open.add(word);
      gather();
      const place = items.findIndex(item => item < 0 && groups[-1 - item].word === word);
      draw(Math.floor(place / CHUNK) + 1);
      table.querySelector(`[data-group="${word}"]`).focus();
      return;
    }
    if (button.dataset.domain) {
      set("rule", button.closest("tr").dataset.rule);
      pick("domain", button.dataset.domain);
    } else if (button.dataset.filter) {
      pick(button.dataset.filter, button.textContent);
    } else {
      return;
    }
    by("list").scrollIntoView({ block: "start" });
  });

  const quoted = value => '"' + value.replaceAll('"', '""') + '"';
  by("save").addEventListener("click", () => {
    const columns = ["severity", "rule", "domain", "subject", "record", "variable", "value",
      "message", "mend", "file", "source", "column", "state", "explanation"];
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

  addEventListener("beforeprint", () => {
    near.disconnect();
    const printed = Math.ceil(PRINTED / CHUNK);
    blocks.slice(0, printed).forEach(fill);
    blocks.slice(printed).forEach(block => { block.hidden = true; });
    by("rest").textContent = items.length > PRINTED
      ? `Printed are the first ${told(PRINTED)} of ${told(items.length)} lines.` : "";
  });
  addEventListener("afterprint", () => draw());

  for (const part of location.hash.slice(1).split("&")) {
    const [column, value] = part.split("=");
    try {
      if (PICKED.includes(column) && value) set(column, decodeURIComponent(value));
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  for (const one of document.querySelectorAll(".scripted")) one.hidden = false;
  choose();
  draw();
})();
