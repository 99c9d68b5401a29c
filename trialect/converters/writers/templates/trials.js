"use strict";
(() => {
  // Texts are looked up once; a key then costs a comparison a row.
  for (const box of document.querySelectorAll("[data-table]")) {
    const rows = [...document.getElementById(box.dataset.table).tBodies[0].rows];
    const texts = rows.map(row => row.textContent.toLowerCase());
    const select = box.querySelector("select"), input = box.querySelector("input");
    const told = box.querySelector("[role=status]");
    const show = () => {
      const severity = select ? select.value : "", words = input.value.toLowerCase();
      let kept = 0;
      rows.forEach((row, place) => {
        const fits = (!severity || row.cells[0].textContent === severity)
          && (!words || texts[place].includes(words));
        row.hidden = !fits;
        kept += fits;
      });
      told.textContent = `${kept.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    };
    if (select) select.addEventListener("input", show);
    input.addEventListener("input", show);
    box.addEventListener("shown", event => { input.value = event.detail; show(); });
    box.hidden = false;
    show();
  }
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-words]");
    if (!button) return;
    document.querySelector("[data-table=findings]")
      .dispatchEvent(new CustomEvent("shown", { detail: button.dataset.words }));
    document.getElementById("list").scrollIntoView({ block: "start" });
  });
})();
