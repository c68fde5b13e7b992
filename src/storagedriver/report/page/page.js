"use strict";
(() => {
  const at = (name) => document.getElementById(name);
  const form = at("filter"), words = at("words"), openOnly = at("open-only"), one = at("one"), other = at("other");
  const clauses = [...document.querySelectorAll("details.clause")].map((node) => ({
    node,
    text: node.textContent.toLowerCase(),
    outcomes: node.dataset.outcomes.split(" "),
  }));
  const groups = [...document.querySelectorAll("section.group")];
  const kept = (outcome) => outcome === "passed";

  const wanted = ({ text, outcomes }, looked) => {
    const first = one.value === "" ? null : outcomes[Number(one.value)];
    const second = other.value === "" ? null : outcomes[Number(other.value)];
    if (!looked.every((word) => text.includes(word))) return false;
    if (openOnly.checked && (first === null ? outcomes.every(kept) : kept(first))) return false;
    if (second === null) return true;
    return first === null ? outcomes.some((each) => each !== second) : first !== second;
  };

  const filter = () => {
    const looked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const clause of clauses) {
      const shown = wanted(clause, looked);
      clause.node.hidden = !shown;
      count += shown;
    }
    for (const group of groups) group.hidden = !group.querySelector("details.clause:not([hidden])");
    at("found").textContent = count === clauses.length ? "" : `${count} of ${clauses.length} requirements`;
  };

  const openLinked = () => {
    const linked = at(decodeURIComponent(location.hash.slice(1)));
    if (!linked) return;
    if (linked.closest("[hidden]")) { form.reset(); filter(); }
    for (let node = linked; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    linked.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  addEventListener("hashchange", openLinked);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && event.target === words) {
      form.reset();
    }
  });
  // What is printed is what is shown, with what is folded away.
  addEventListener("beforeprint", () => { for (const { node } of clauses) if (!node.hidden) node.open = true; });
  for (const script of document.querySelectorAll("pre.script")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(script.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(script);
        button.textContent = "Selected: press Ctrl-C";
      }
    });
    script.before(button);
  }
  openLinked();
})();
