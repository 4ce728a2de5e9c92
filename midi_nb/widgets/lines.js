// Time lines and references: a card a patient, the worst first. What is drawn comes from lines.py.

const lines = (() => {
  const PAGE = 6;
  const HIGH = 58;
  const ROW = 22;
  const FAR = 90;
  const END = 14;
  const views = { dates: ["date", timeLine], references: ["reference", graph] };

  const EMPTY = {
    dates: "These results do not say which patient a date is of, or have no original date that can be read.",
    references: "No check of these results is about a reference that was released.",
  };
  const NONE = { dates: "No date to compare:", references: "None of them was released by" };

  const hover = (text) => svg("title", {}, text);
  const some = (names) => names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  const day = (text) => (text ? text.replace(/^\[?'?(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3") : "");

  // The two time lines of a patient, what was above and what is released below. Upright: the usual shift.
  function timeLine({ lines: own, usual }, kinds) {
    const starts = own.map(([, start]) => start);
    const ends = own.flatMap(([, , end]) => (end === null ? [] : [end]));
    const first = Math.min(...starts);
    const last = Math.max(...starts);
    const room = Math.max(last - first, 30);
    const low = Math.max(Math.min(first, ...ends), first - room);
    const high = Math.min(Math.max(last, ...ends), last + room);
    const at = (place) => (high === low ? 50 : 2 + (96 * (Math.min(Math.max(place, low), high) - low)) / (high - low));
    const sides = [0, 1].map((side) => {
      const texts = own
        .map((line) => day(line[3 + side]))
        .filter((text) => /^\d{4}-/.test(text))
        .sort();
      return texts.length ? `${texts[0]}${texts.at(-1) === texts[0] ? "" : ` to ${texts.at(-1)}`}` : "";
    });
    const top = 7;
    const bottom = HIGH - 9;
    const says = ([shift, start, end, before, after, checks], names) => {
      const days = usual !== undefined && end !== null ? ` (${signedDays(end - start + usual)})` : "";
      const beyond = end !== null && (end < low || end > high) ? ", beyond the edge" : "";
      const dates = before ? `${day(before)} → ${day(after) || "nothing"}, ` : "";
      return `${names}: ${dates}${kinds[shift][1]}${days}${beyond}; ${count(checks, "check")}`;
    };
    const drawn = [...own].reverse().map((one) => {
      const [shift, start, end] = one;
      const [meaning] = kinds[shift];
      const usually = meaning === "pass";
      const x = `${at(start).toFixed(2)}%`;
      const to = end === null ? x : `${at(end).toFixed(2)}%`;
      const y = end === null ? (top + bottom) / 2 : bottom;
      return svg(
        "g",
        { class: `line-of ${meaning}` },
        hover(says(one, some(one[6]))),
        svg("line", { x1: x, y1: top, x2: to, y2: y, "stroke-dasharray": usually ? null : "5 3" }),
        svg("circle", { cx: x, cy: top, r: 3 }),
        usually
          ? svg("circle", { cx: to, cy: y, r: 3 })
          : svg("text", { x: to, y: y + 4, "text-anchor": "middle" }, LOOKS[meaning].sign),
      );
    });
    const edge = (y) => svg("line", { class: "axis", x1: "0%", y1: y, x2: "100%", y2: y });
    const side = (name, text) => node("div", { class: "line quiet" }, node("span", {}, name), node("span", {}, text));
    const list = own.filter(([shift]) => kinds[shift][0] !== "pass").map((one) => says(one, one[6].join(", ")));
    return {
      list,
      drawn: [
        side("original", sides[0]),
        svg(
          "svg",
          { class: "time-lines", width: "100%", height: HIGH, "aria-hidden": "true" },
          edge(top),
          edge(bottom),
          drawn,
        ),
        side("released", sides[1]),
      ],
    };
  }
  const signedDays = (days) => `${days < 0 ? "−" : "+"}${count(Math.abs(days), "day")}`;

  // Studies and series in rows, references as arcs at their left; what leads nowhere ends at the left edge. Rows are as
  // high as their texts are where they wrap: `fits` is given what draws the arcs beside the rows of a page.
  function graph({ things, arcs }, kinds, { fits }) {
    const reach = (start, end) => Math.min(16 + 10 * Math.abs(end - start), FAR);
    const ended = (one) => one[1] === null;
    const rights = arcs.filter((one) => !ended(one)).map(([start, end]) => 0.75 * reach(start, end));
    // arcs, and at their left where others end
    const wide = Math.max(0, ...rights) + (arcs.some(ended) ? 5 * END : END);
    const says = ([start, end, leads, number], all) => {
      const to = end === null ? "" : end === start ? ", the same" : `, ${things[end].label}`;
      return `${things[start].label}: ${count(number, "reference")} ${kinds[leads][1]}${to} (${all})`;
    };
    const odd = (place) =>
      arcs
        .filter(([start, end]) => start === place && end === null)
        .map(([, , leads, number]) =>
          node("span", { class: `signed-text ${kinds[leads][0]}` }, `${count(number)} ${kinds[leads][1]}`),
        );
    const rows = node(
      "ul",
      {},
      things.map(({ label, study, uid }, place) =>
        node("li", { class: study ? "study" : null, title: uid || null }, label, odd(place)),
      ),
    );
    const beside = (middle, open = new Map()) =>
      [...arcs].reverse().map((one) => {
        const [start, end, leads, number] = one;
        const [meaning] = kinds[leads];
        const y = middle(start);
        const width = Math.min(1 + Math.log2(number), 6);
        const right = wide - 4;
        const far = wide - reach(start, end);
        const shift = end === start ? 7 : 0;
        const stop = END / 2 + END * (open.get(start) ?? 0);
        if (end === null) open.set(start, (open.get(start) ?? 0) + 1);
        const [from, to] = [y - shift, middle(end ?? start) + shift];
        const path =
          end === null
            ? `M${right} ${y} L${stop + 5} ${y}`
            : `M${right} ${from} C${far} ${from} ${far} ${to} ${right} ${to}`;
        return svg(
          "g",
          { class: `line-of ${meaning}` },
          hover(says(one, some(one[4]))),
          svg("path", {
            d: path,
            fill: "none",
            "stroke-width": width.toFixed(1),
            "stroke-dasharray": meaning === "pass" ? null : "5 3",
          }),
          end === null
            ? svg("text", { x: stop, y: y + 4, "text-anchor": "middle" }, LOOKS[meaning].sign)
            : svg("circle", { cx: right, cy: middle(end) + shift, r: 3 }),
        );
      });
    fits.push((web, { children, offsetTop, offsetHeight }) => {
      web.setAttribute("height", offsetHeight);
      web.replaceChildren(...beside((place) => children[place].offsetTop - offsetTop + ROW / 2));
    });
    const web = svg("svg", { width: wide, "aria-hidden": "true" });
    return { list: arcs.map((one) => says(one, one[4].join(", "))), drawn: node("div", { class: "web" }, web, rows) };
  }

  // A page of a view: `tools` are what the explorer knows.
  function draw(view, data, leaf, state, tools) {
    const { label, values } = tools;
    const [what, card] = views[view];
    if (!data) return [node("p", { class: "quiet" }, "…")];
    const { kinds } = data;
    const counts = (one) => one.counts.map((number, code) => [code, number]).filter(([, number]) => number);
    const wanted = (one) =>
      ["patient", "submission"].every(
        (name) => !state.filters[name]?.length || state.filters[name].includes(one[name]),
      );
    const all = data.patients.filter(wanted);
    const last = Math.max(Math.ceil(all.length / PAGE) - 1, 0);
    const at = Math.min(leaf, last);
    const shown = all.slice(at * PAGE, (at + 1) * PAGE);
    const others =
      state.search ||
      Object.keys(state.filters).some(
        (name) => !["patient", "submission"].includes(name) && state.filters[name].length,
      );
    const used = new Set(all.flatMap((one) => counts(one).map(([code]) => code)));
    const legend = node(
      "div",
      { class: "line legend" },
      [...used].sort().map((code) => node("span", {}, sign(kinds[code][0]), kinds[code][1])),
    );
    const patients = (number) => count(number, "patient") + (data.several ? " by submission" : "");
    const without = (data.without ?? [])
      .filter((code) => !state.filters.submission?.length || state.filters.submission.includes(code))
      .map((code) => label("submission", code));
    const cards = shown.map((one) => {
      const { list, drawn } = card(one, kinds, tools);
      const id = `${view}-${one.submission}-${one.patient}`;
      const name = [
        one.submission && data.several && label("submission", one.submission),
        one.patient ? label("patient", one.patient) : "no patient",
      ]
        .filter(Boolean)
        .join(" · ");
      const of = counts(one);
      const total = of.reduce((sum, [, number]) => sum + number, 0);
      const parts = of.map(([code, number]) => `${count(number)} ${kinds[code][1]}`).join(", ");
      const usual = one.usual === undefined ? "" : ` (${signedDays(one.usual)})`;
      const said = `${count(total, what)}: ${parts}${usual}`;
      const odd = [
        ...new Set((one.lines ?? []).filter((line) => kinds[line[0]][0] !== "pass").flatMap((line) => line[6])),
      ];
      return node(
        "section",
        { class: "of-patient", "aria-label": name },
        node(
          "div",
          { class: "line" },
          one.patient
            ? button(name, "toggle", `patient:${one.patient}`, {
                "data-id": id,
                "data-item": true,
                "aria-pressed": String(!!state.filters.patient?.includes(one.patient)),
                title: "Filter by this patient",
              })
            : name,
          node("span", {}, said),
          odd.length ? quiet(`Not as usual: ${some(odd)}`) : null,
        ),
        drawn,
        list.length
          ? node(
              "details",
              { "data-id": `${id}-list` },
              node("summary", { "data-id": `${id}-list-head` }, "List"),
              node(
                "ul",
                {},
                list.map((text) => node("li", {}, text)),
              ),
            )
          : null,
        one.rest ? node("p", { class: "quiet" }, `and ${count(one.rest)} more`) : null,
      );
    });
    const notes = [
      view === "references" ? "References that a check is about." : !values && "Dates in their order, not to scale.",
      data.of > data.patients.length &&
        `The ${patients(data.patients.length)} with most that is not as usual, of ${count(data.of)}.`,
      data.of && without.length && `${NONE[view]} ${some(without)}.`,
      others && "Of the filters only patient and submission apply here.",
    ].filter(Boolean);
    return [
      legend,
      notes.length ? node("p", { class: "quiet" }, notes.join(" ")) : null,
      cards.length
        ? node("div", { "data-group": view }, cards)
        : node("p", { class: "note" }, data.of ? "Nothing is left under these filters." : EMPTY[view]),
      last > 0 &&
        node(
          "div",
          { class: "line pager" },
          steps("leaf", [
            ["‹", "Previous page", at - 1, at === 0],
            ["›", "Next page", at + 1, at >= last],
          ]),
          node(
            "span",
            { class: "quiet", "aria-live": "polite" },
            `${count(at * PAGE + 1)} to ${count(at * PAGE + shown.length)} of ${patients(all.length)}, the worst first`,
          ),
        ),
    ];
  }

  // Draws the arcs in the webs of `list`, by what `graph` gave for each of them, and again when their texts wrap
  // differently. A page keeps its nodes when it is patched, so this comes after patching and looks for them there.
  function fitted(list) {
    let fits = [];
    const webs = () => [...list.querySelectorAll(".web")];
    const fit = () => webs().forEach((web, place) => fits[place](...web.children));
    const sizes = new ResizeObserver(fit);
    return (given) => {
      fits = given;
      fit();
      sizes.disconnect();
      for (const web of webs()) sizes.observe(web.lastChild);
    };
  }

  return { views, draw, fitted };
})();
