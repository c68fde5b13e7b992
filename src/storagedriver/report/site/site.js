
"use strict";
// Reading needs none of this: it filters, compares, copies, and opens what a link leads to.
(() => {
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  function reveal() {
    let id;
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const place = id && document.getElementById(id);
    if (!place) return;
    for (let each = place; each; each = each.parentElement) {
      each.hidden = false;
      if (each.localName === "details") each.open = true;
    }
    place.scrollIntoView({ block: "start" });
  }
  addEventListener("hashchange", reveal);
  // A link to where the address is already changes no hash, and the filter may have hidden the place meanwhile.
  addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) reveal();
  });

  const search = new URLSearchParams(location.search);
  function remember(form) {
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.value && !(field.name === "first" && !form.elements.second.value)) search.set(field.name, field.value);
      else search.delete(field.name);
    }
    const query = search.toString();
    // Some browsers let a page from a disk keep its address only.
    try { history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`); } catch { /* then it is not kept */ }
  }
  function recall(form) {
    let any = false;
    for (const field of form.elements) {
      const value = field.name && search.get(field.name);
      if (!value) continue;
      if (field.localName === "select" && ![...field.options].some((option) => option.value === value)) continue;
      field.value = value;
      any = true;
    }
    return any;
  }

  const filter = $("#filter");
  const rows = all("details.requirement").map((place) => ({
    place,
    group: place.parentElement,
    text: `${$("summary h4", place).textContent} ${all("tbody th[scope=row]", place).map((each) => each.textContent).join(" ")}`.toLowerCase(),
    line: $(`tr[data-of="${place.id}"]`, place.parentElement),
  }));
  function apply() {
    const words = filter.elements.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = filter.elements.outcome.value, level = filter.elements.level.value;
    const wanted = Boolean(words.length || outcome || level);
    const found = new Map();
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.text.includes(word))
        && (!outcome || row.place.dataset.outcomes.split(" ").includes(outcome))
        && (!level || row.place.dataset.level === level);
      row.place.hidden = row.line.hidden = !fits;
      shown += fits;
      found.set(row.group, Boolean(found.get(row.group)) || fits);
    }
    for (const [group, fits] of found) {
      group.hidden = !fits;
      if (wanted) group.open = fits;
    }
    $("output", filter).textContent = `${shown} of ${rows.length} requirements`;
  }
  filter.hidden = false;
  filter.addEventListener("input", () => { apply(); remember(filter); });
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("reset", () => setTimeout(() => {
    for (const group of all("details.group")) group.open = false;
    apply(); remember(filter);
  }));
  recall(filter);
  apply();

  const compare = $("#compare");
  if (compare) {
    const table = $("#differing"), lines = all("tbody tr", table);
    const difference = () => {
      const first = Number(compare.elements.first.value), second = compare.elements.second.value;
      let shown = 0;
      for (const line of lines) {
        const cells = all("td", line);
        const others = second === "" ? cells : [cells[Number(second)]];
        line.hidden = others.every((cell) => cell.className === cells[first].className);
        shown += !line.hidden;
      }
      for (const cell of all("[data-column]", table)) {
        cell.hidden = second !== "" && ![String(first), second].includes(cell.dataset.column);
      }
      $("output", compare).textContent = `${shown} ${shown === 1 ? "requirement differs" : "requirements differ"}`;
    };
    compare.hidden = false;
    compare.addEventListener("input", () => { difference(); remember(compare); });
    recall(compare);
    difference();
  }

  for (const button of all("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = $("pre", button.parentElement);
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Selected";
      }
    });
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = filter.elements.q;
    const typing = ["input", "select", "textarea"].includes(event.target.localName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && event.target === field) {
      filter.reset();
    } else if (event.key.startsWith("Arrow") && event.target.localName === "a") {
      const cell = event.target.closest("td, th"), line = cell && cell.closest("table.matrix tr");
      if (!line) return;
      const lines = all("tr", line.closest("table")).filter((each) => !each.hidden);
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
      let row = lines.indexOf(line), column = cell.cellIndex, next = null;
      do {
        row += down; column += right;
        const there = lines[row] && lines[row].cells[column];
        if (!there) return;
        next = there.hidden ? null : $("a", there);
      } while (!next);
      event.preventDefault();
      next.focus();
    }
  });

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details.target:not([open]), details.requirement .evidence").map((each) => each.closest("details:not([open])")).filter(Boolean);
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });

  reveal();
})();
