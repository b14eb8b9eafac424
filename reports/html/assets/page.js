// Theme switch, filters, copy buttons and the link between a timeline and its table.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  const themes = ["system", "light", "dark"];
  const button = document.getElementById("theme");
  const stored = () => {
    try { return localStorage.getItem("assay-theme"); } catch { return null; }
  };
  const show = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    document.dispatchEvent(new Event("themechange"));
  };
  let theme = themes.includes(stored()) ? stored() : "system";
  button.hidden = false;
  show(theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem("assay-theme", theme); } catch { /* a page from disk may have no storage */ }
    show(theme);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(theme));
  // Charts are pictures by the time a page is printed: they are drawn again in light colours.
  addEventListener("beforeprint", () => show("light"));
  addEventListener("afterprint", () => show(theme));

  for (const form of all("form.filters")) {
    const rows = all("tbody tr", document.getElementById(form.dataset.for));
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const output = form.querySelector("output");
    const update = () => {
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const picked = all("select", form).filter((select) => select.value);
      let shown = 0;
      rows.forEach((row, number) => {
        const fits = words.every((word) => texts[number].includes(word))
          && picked.every((select) => row.dataset[select.name].split(" ").includes(select.value));
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      output.textContent = `${shown} of ${rows.length} ${form.dataset.noun}`;
    };
    form.hidden = false;
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    update();
    // A link to a row that is filtered away must still arrive.
    addEventListener("hashchange", () => {
      const row = rows.find((candidate) => candidate.id && `#${candidate.id}` === decodeURIComponent(location.hash));
      if (row && row.hidden) { form.reset(); update(); row.scrollIntoView(); }
    });
  }

  const copied = async (text, code) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed from disk everywhere */ }
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  };
  for (const copy of all("button.copy")) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      const code = copy.parentElement.querySelector("code");
      copy.textContent = (await copied(code.textContent, code)) ? "Copied" : "Selected";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    });
  }

  // Of a long answer, the part that offends is what one opens it for.
  const reveal = (details) => {
    for (const pre of all("pre", details)) {
      const mark = pre.querySelector("mark");
      if (mark) pre.scrollTop += mark.getBoundingClientRect().top - pre.getBoundingClientRect().top - pre.clientHeight / 2;
    }
  };
  for (const details of all("details.body")) {
    if (details.open) reveal(details);
    details.addEventListener("toggle", () => reveal(details));
  }

  const light = (event) => {
    const here = event.target.closest ? event.target.closest("[data-op]") : null;
    all(".lit").forEach((node) => node.classList.remove("lit"));
    if (here) all("[data-op]").filter((node) => node.dataset.op === here.dataset.op).forEach((node) => node.classList.add("lit"));
  };
  if (document.querySelector("[data-op]")) addEventListener("mouseover", light);
})();
