// The header diff in the browser: a tree of lines that the kernel wrote, to fold, filter and search.
//
// data: { head, columns, lines: [{ html, above, depth, text, changed, wrong, more }] }; `above` is the number of the
// line that one is below, -1 at the top. state: { show, search, picked }.

const headers = (() => {
  const SHOWS = { all: "All", changed: "Only changed", wrong: "Only wrong" };
  const MOST = 1000; // lines in the page at once

  // A row of the table that has one cell.
  const wide = (inner) =>
    node("tr", { role: "row", class: "more" }, node("td", { role: "gridcell", colspan: 4 }, inner));

  function render(root, data, given, changed) {
    const { lines } = data;
    const parents = new Set(lines.map(({ above }) => above));
    let state = { show: "all", search: "", picked: -1, ...given };
    let folded = new Set();
    let limit = MOST;
    let focused = -1;

    root.classList.add("midi-page", "midi-header");
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", "Header");
    const numbers = { all: lines.filter(({ leaf }) => leaf).length };
    for (const name of ["changed", "wrong"]) numbers[name] = lines.filter((one) => one[name]).length;
    const which = joined(
      "Which lines",
      Object.entries(SHOWS).map(([name, label]) =>
        node(
          "button",
          { type: "button", "data-show": name },
          `${label} `,
          node("span", { class: "number" }, count(numbers[name])),
        ),
      ),
    );
    const folds = node(
      "span",
      { class: "joined folds" },
      [
        ["none", "Unfold"],
        ["all", "Fold"],
      ].map(([name, label]) => node("button", { type: "button", "data-fold": name }, label)),
    );
    const search = searchField({ placeholder: "Search names, tags, values", "aria-label": "Search the header" });
    const said = node("span", { class: "quiet", "aria-live": "polite" });
    const rows = node("tbody", { role: "rowgroup" });
    const heads = data.columns.map((name) =>
      node("th", { role: "columnheader", scope: "col" }, node("span", {}, name)),
    );
    const body = node(
      "div",
      { class: "tree" },
      node(
        "table",
        { class: "grid diff", role: "treegrid", "aria-label": "Header, original and released" },
        node("thead", { role: "rowgroup" }, node("tr", { role: "row" }, heads)),
        rows,
      ),
    );
    root.replaceChildren(node("header", {}, markup(data.head), line(which, folds, search, said)), body);

    // What is below each line: attributes, and wrong ones.
    const below = lines.map(() => [0, 0]);
    lines.forEach((line) => {
      for (let at = line.above; at >= 0; at = lines[at].above) {
        below[at][0] += line.leaf;
        below[at][1] += line.wrong;
      }
    });

    const filtering = () => state.show !== "all" || state.search.trim() !== "";
    const foldAll = () => {
      folded = new Set(parents);
      folded.delete(-1);
    };
    const unfoldTo = (number) => {
      for (let at = lines[number]?.above ?? -1; at >= 0; at = lines[at].above) folded.delete(at);
    };

    // The numbers of the lines that are seen, and how many the filter leaves without those they are below.
    function seen() {
      const text = state.search.trim().toLowerCase();
      const kept = new Set();
      let found = 0;
      lines.forEach((line, number) => {
        if ((state.show !== "all" && !line[state.show]) || (text && !line.text.includes(text))) return;
        found += line.leaf;
        for (let at = number; at >= 0 && !kept.has(at); at = lines[at].above) kept.add(at);
      });
      const hidden = new Set();
      const visible = [];
      lines.forEach(({ above }, number) => {
        if (hidden.has(above) || folded.has(above)) hidden.add(number);
        else if (kept.has(number)) visible.push(number);
      });
      return [visible, found];
    }

    function row(number) {
      const line = lines[number];
      const made = (line.node ??= markup(`<table>${line.html}</table>`).querySelector("tr"));
      const parent = parents.has(number);
      const cell = made.firstElementChild;
      const open = !folded.has(number);
      const more = { role: "row", "aria-level": line.depth + 1, "aria-selected": String(number === state.picked) };
      for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
      made.dataset.line = number;
      made.tabIndex = -1;
      for (const one of made.children) one.setAttribute("role", "gridcell");
      cell.style.setProperty("--depth", line.depth);
      for (const old of cell.querySelectorAll(".twisty, .sum")) old.remove();
      if (!parent) return made;
      made.setAttribute("aria-expanded", String(open));
      cell.prepend(node("span", { class: "twisty", "aria-hidden": "true" }, open ? "▾" : "▸"));
      const [all, wrong] = below[number];
      cell.append(
        node(
          "span",
          { class: "sum quiet" },
          ` ${count(all)} inside`,
          wrong > 0 && [", ", node("span", { class: "fail" }, `${count(wrong)} wrong`)],
        ),
      );
      return made;
    }

    function draw() {
      const [visible, found] = seen();
      const had = rows.contains(focusedIn(root));
      const rest = visible.length - limit;
      rows.replaceChildren(
        ...visible.slice(0, limit).flatMap((number) => {
          const { more } = lines[number];
          return [row(number), ...(number === state.picked && more ? [wide(markup(more))] : [])];
        }),
      );
      if (rest > 0)
        rows.append(wide(node("button", { type: "button", "data-more": true }, `${count(rest)} more lines`)));
      if (!visible.length) rows.append(wide(quiet("Nothing is left under this filter.")));
      if (!visible.includes(focused)) focused = visible.includes(state.picked) ? state.picked : (visible[0] ?? -1);
      const stop = rowOf(focused);
      if (stop) stop.tabIndex = 0;
      if (had) stop?.focus({ preventScroll: true });
      for (const button of which.children) {
        button.setAttribute("aria-pressed", String(button.dataset.show === state.show));
        button.tabIndex = button.dataset.show === state.show ? 0 : -1;
      }
      withoutShortcuts(root);
      said.textContent = filtering() ? `${count(found)} of ${count(numbers.all, "attribute")}` : "";
      if (search !== focusedIn(root)) search.value = state.search;
      countDrawn(root);
    }
    const rowOf = (number) => rows.querySelector(`tr[data-line="${number}"]`);

    function set(change, own = true) {
      const before = filtering();
      state = { ...state, ...change };
      if ("show" in change || "search" in change) limit = MOST;
      if (filtering() && ("show" in change || "search" in change)) folded = new Set();
      else if (before && !filtering()) {
        foldAll();
        unfoldTo(state.picked);
      }
      draw();
      if (own) changed(state);
    }
    const fold = (number, shut) => {
      shut ? folded.add(number) : folded.delete(number);
      draw();
    };
    function pick(number) {
      const next = number === state.picked || !lines[number].more ? -1 : number;
      if (next !== state.picked) set({ picked: next });
    }
    function open(number) {
      focused = number;
      if (parents.has(number)) fold(number, !folded.has(number));
      else pick(number);
    }
    function focus(number) {
      const from = rowOf(focused);
      const to = rowOf(number);
      if (!to) return;
      if (from) from.tabIndex = -1;
      focused = number;
      to.tabIndex = 0;
      to.focus();
    }

    root.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      const line = target.closest("tr[data-line]");
      if (button?.dataset.show) set({ show: button.dataset.show });
      else if (button?.dataset.fold) {
        button.dataset.fold === "all" ? foldAll() : folded.clear();
        draw();
      } else if (button && "more" in button.dataset) {
        limit += MOST;
        draw();
      } else if (line && !String(getSelection())) {
        open(Number(line.dataset.line));
        rowOf(focused)?.focus({ preventScroll: true });
      }
    });
    search.addEventListener(
      "input",
      calmly(() => set({ search: search.value }), 150),
    );
    root.addEventListener("keydown", (event) => {
      const { target, key } = event;
      if (hasModifier(event)) return;
      const line = target.matches("tr[data-line]") ? Number(target.dataset.line) : -1;
      const shown = line >= 0 ? [...rows.querySelectorAll("tr[data-line]")].map((one) => Number(one.dataset.line)) : [];
      const at = shown.indexOf(line);
      const parent = parents.has(line);
      if (key === "Escape" && target === search && search.value) {
        search.value = "";
        set({ search: "" });
      } else if (key === "Escape" && (target === search || line < 0)) rowOf(focused)?.focus();
      else if (key === "Escape" && state.picked >= 0) set({ picked: -1 });
      else if (target === search) return;
      else if (key === "/") search.focus();
      else if (which.contains(target) && key === "ArrowRight") (target.nextElementSibling ?? target).focus();
      else if (which.contains(target) && key === "ArrowLeft") (target.previousElementSibling ?? target).focus();
      else if (line < 0) return;
      else if (key === "ArrowDown" || key === "ArrowUp") focus(shown[at + (key === "ArrowDown" ? 1 : -1)]);
      else if (key === "Home" || key === "End") focus(shown.at(key === "Home" ? 0 : -1));
      else if (key === "PageDown" || key === "PageUp")
        focus(shown[Math.min(Math.max(at + (key === "PageDown" ? 12 : -12), 0), shown.length - 1)]);
      else if (key === "Enter" || key === " ") open(line);
      else if (key === "ArrowRight") {
        if (parent && folded.has(line)) fold(line, false);
        else if (parent) focus(shown[at + 1]);
      } else if (key === "ArrowLeft") {
        if (parent && !folded.has(line)) fold(line, true);
        else if (lines[line].above >= 0) focus(lines[line].above);
      } else return;
      keepFromPage(event);
    });

    if (!filtering()) foldAll();
    unfoldTo(state.picked);
    draw();
    return {
      // The state that the host sets; a line that is picked comes into view.
      state(fresh) {
        const other = fresh.picked !== undefined && fresh.picked !== state.picked;
        const differs = Object.entries(fresh).some(([name, value]) => state[name] !== value);
        if (!differs) return;
        set(fresh, false);
        if (!other || state.picked < 0) return;
        unfoldTo(state.picked);
        focused = state.picked;
        draw();
        this.reveal();
      },
      // Scrolls the tree, and only it, to the picked line.
      reveal() {
        const line = rowOf(state.picked);
        if (line)
          body.scrollTop += line.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
      },
    };
  }

  return { render };
})();
