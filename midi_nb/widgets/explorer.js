// The explorer: filters, bars, search, sorting, pages, map and selection, all in the browser. `explorer.sieve` answers
// questions about the data, `explorer.render(root, data, host)` shows them. The data come from rows.py: codes of a few
// kinds of checks with their numbers, and failing rows one by one. The host (a kernel, or a page without one) hears by
// `host.changed(state, change)` of the state and of what changed in it, and answers by `show.check`, `show.rows` and
// `show.state`.

const explorer = (() => {
  const PAGE = 12;
  const FEW = 6;
  const MANY = 60;
  const OTHERS = 6;
  const WIDE = 60;
  const FAILURES = ["verdict", "axis", "cause", "also_fails_in", "passes_in"]; // what only a check that failed has
  const VERDICTS = ["failed", "blank", "passed", "lost"];
  const STATE = {
    filters: {},
    search: "",
    table: "problems",
    sort: "",
    page: 0,
    picked: -1,
    example: 0,
    header: false,
    fixed: [],
    unit: "instance",
    weights: {},
  };

  // What `ask` answers; the answer of last time where it is asked the same again.
  function kept(ask) {
    let asked = null;
    let answer;
    return (...question) => {
      if (!asked || question.some((one, at) => one !== asked[at])) [answer, asked] = [ask(...question), question];
      return answer;
    };
  }

  const clipped = (text, length = 80) => {
    const line = text.split(/\s+/).filter(Boolean).join(" ");
    return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
  };

  // Data

  const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };

  // `data` with { buffer, bytes } as arrays of numbers; buffers are DataViews or ArrayBuffers.
  function unpacked(data, buffers) {
    if (Array.isArray(data)) return data.map((one) => (one && typeof one === "object" ? unpacked(one, buffers) : one));
    if (data.bytes) {
      const view = buffers[data.buffer];
      const bytes = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
      return new ARRAYS[data.bytes](bytes);
    }
    return Object.fromEntries(
      Object.entries(data).map(([name, one]) => [name, one && typeof one === "object" ? unpacked(one, buffers) : one]),
    );
  }

  // Questions to the data: what a state leaves, and in which order. `given` is what a kernel says where rows are not
  // here.
  function sieve(data) {
    const { facets, kinds, rows } = data;
    const names = Object.keys(facets);
    const size = kinds.count.length;
    const lowered = {};
    const ranked = {};

    const live = (table) =>
      data.covers === "all" || data.covers === table || (table !== "checks" && data.covers === "failing");
    const reach = (table) => (table === "checks" ? size : kinds.failing); // kinds of failing checks come first

    // Which rows hold the text of a search, by row; null where nothing is searched.
    const found = kept((search) => {
      const text = search.trim().toLowerCase();
      if (!text) return null;
      const hits = new Uint8Array(rows.kind.length);
      for (const name of data.searched) {
        const column = rows.columns[name] ?? facets[name];
        if (!column) continue;
        lowered[name] ??= column.texts.map((one) => (one === null ? "" : one.toLowerCase()));
        const holds = new Uint8Array(column.texts.length);
        let any = 0;
        lowered[name].forEach((one, code) => {
          if (one.includes(text)) any = holds[code] = 1;
        });
        if (!any) continue;
        if (rows.columns[name]) for (let row = 0; row < hits.length; row++) hits[row] |= holds[column.codes[row]];
        else for (let row = 0; row < hits.length; row++) hits[row] |= holds[column.codes[rows.kind[row]]];
      }
      return hits;
    });

    function chosen(filters) {
      return Object.entries(filters)
        .filter(([, codes]) => codes.length)
        .map(([name, codes]) => {
          const wanted = new Uint8Array(facets[name].texts.length);
          for (const code of codes) wanted[code] = 1;
          const { sets } = facets[name]; // of a column whose cells hold several texts
          return {
            name,
            codes: facets[name].codes,
            wanted: sets ? Uint8Array.from(sets, (own) => own.some((code) => wanted[code])) : wanted,
          };
        });
    }

    // Which of the first kinds some filters refuse.
    function refused(asked, end) {
      const marks = new Uint8Array(end);
      for (const { codes, wanted } of asked)
        for (let kind = 0; kind < end; kind++) if (!wanted[codes[kind]]) marks[kind] = 1;
      return marks;
    }

    // How many of the rows found there are of each kind.
    const weighed = kept((hits) => {
      const weights = new Uint32Array(size);
      for (let row = 0; row < hits.length; row++) weights[rows.kind[row]] += hits[row];
      return weights;
    });

    // What a state leaves: bars by facet, checks by problem and verdict, and rows (null if they are not here).
    function left(state, given = null) {
      const asked = chosen(state.filters);
      const end = reach(state.table);
      const here = live(state.table);
      const hits = here ? found(state.search) : null;
      const weights = hits ? weighed(hits) : (given?.weights ?? kinds.count);
      const misses = new Uint8Array(size);
      const missed = new Int8Array(size).fill(-1);
      asked.forEach(({ name, codes, wanted }) => {
        const place = names.indexOf(name);
        for (let kind = 0; kind < end; kind++)
          if (!wanted[codes[kind]]) {
            misses[kind]++;
            missed[kind] = place;
          }
      });
      // A bar counts what is left, and what its own facet alone refuses.
      const bars = names.map((name, place) => {
        const { codes, sets, texts } = facets[name];
        const numbers = new Float64Array((sets ?? texts).length);
        for (let kind = 0; kind < end; kind++)
          if (!misses[kind] || (misses[kind] === 1 && missed[kind] === place)) numbers[codes[kind]] += weights[kind];
        return numbers;
      });
      const problems = new Float64Array(data.problems.length + 1);
      let total = 0;
      for (let kind = 0; kind < end; kind++) {
        if (misses[kind]) continue;
        total += weights[kind];
        problems[kinds.problem[kind]] += weights[kind];
      }
      let which = null;
      if (here) {
        const places = new Uint32Array(rows.kind.length);
        let many = 0;
        for (let row = 0; row < places.length; row++)
          if (rows.kind[row] < end && !misses[rows.kind[row]] && (!hits || hits[row])) places[many++] = row;
        which = places.slice(0, many);
      }
      const counts = Object.fromEntries(
        names.map((name, place) => [name, facets[name].sets ? spreadOut(facets[name], bars[place]) : bars[place]]),
      );
      return { counts, problems, total: given?.total ?? total, rows: which, misses, weights };
    }

    // Numbers by set as numbers by text.
    function spreadOut({ sets, texts }, numbers) {
      const sums = new Float64Array(texts.length);
      sets.forEach((own, set) =>
        own.forEach((code) => {
          sums[code] += numbers[set];
        }),
      );
      return sums;
    }

    // By submission: how many checks fail under all filters but those of submissions, and how many of these only there.
    function failing(filters, weights) {
      const {
        submission: { codes, texts },
        also_fails_in: also,
      } = facets;
      const sums = texts.map(() => [0, 0]);
      const asked = chosen(filters).filter(({ name }) => !["submission", "also_fails_in", "passes_in"].includes(name));
      const marks = refused(asked, kinds.failing);
      const alone = also?.sets.map((own) => own.includes(1));
      for (let kind = 0; kind < kinds.failing; kind++) {
        if (marks[kind]) continue;
        const own = sums[codes[kind]];
        own[0] += weights[kind];
        if (alone?.[also.codes[kind]]) own[1] += weights[kind];
      }
      return sums;
    }

    // Failed, blank and passed checks by submission. Filtered by what only failures have, all others count as passed,
    // as in score(by="cause"); verdict and submission are not asked. Null under a search where passed checks are not
    // here.
    function scores(filters, search = "") {
      const searches = search.trim() !== "";
      if (searches && data.covers !== "all") return null;
      const weights = searches ? weighed(found(search)) : kinds.count;
      const asked = chosen(filters).filter(({ name }) => name !== "submission" && name !== "verdict");
      const of = facets.submission?.codes;
      const verdicts = facets.verdict.codes;
      const sums = Array.from({ length: facets.submission?.texts.length ?? 1 }, () => [0, 0, 0]);
      const [out, passing] = [false, true].map((own) =>
        refused(
          asked.filter(({ name }) => FAILURES.includes(name) === own),
          size,
        ),
      );
      for (let kind = 0; kind < size; kind++) {
        if (verdicts[kind] === 4 || out[kind]) continue;
        sums[of ? of[kind] : 0][passing[kind] ? 2 : verdicts[kind] - 1] += weights[kind];
      }
      return sums;
    }

    // In how many series and of how many patients the rows are that are left of each problem.
    function spread(which) {
      const series = rows.columns.series?.codes;
      const patient = facets.patient?.codes;
      const sets = data.problems.map(() => [new Set(), new Set()]);
      const latest = [0, 1].map(() => new Uint32Array(sets.length)); // rows of a series mostly follow one another
      const seen = (number, at, code) => {
        if (!code || code === latest[at][number]) return;
        latest[at][number] = code;
        sets[number][at].add(code);
      };
      for (const row of which) {
        const kind = rows.kind[row];
        const number = kinds.problem[kind] - 1;
        if (number < 0) continue;
        if (series) seen(number, 0, series[row]);
        if (patient) seen(number, 1, patient[kind]);
      }
      return sets.map((own) => own.map(({ size }) => size));
    }

    // Texts of a facet or column → their places in the order of labels (or their own); missing ones last.
    function ranks(name, labels, own) {
      if (!ranked[name]) {
        const order = labels.map((label, code) => [String(label ?? "").toLowerCase(), code]).slice(1);
        if (!own) order.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j));
        ranked[name] = new Uint32Array(labels.length);
        order.forEach(([, code], place) => {
          ranked[name][code] = place;
        });
      }
      return ranked[name];
    }

    function sorted(which, sort) {
      const name = sort.replace("-", "");
      if (!name) return which;
      const facet = name in facets;
      const column = facets[name] ?? rows.columns[name];
      const order = ranks(name, column.labels ?? column.texts, column.own);
      const last = column.texts.length;
      const starts = new Uint32Array(last + 2);
      const place = new Uint32Array(which.length);
      for (let at = 0; at < which.length; at++) {
        const code = column.codes[facet ? rows.kind[which[at]] : which[at]];
        place[at] = code === 0 ? last : sort.startsWith("-") ? last - 2 - order[code] : order[code];
        starts[place[at] + 1]++;
      }
      for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
      const result = new Uint32Array(which.length);
      for (let at = 0; at < which.length; at++) result[starts[place[at]]++] = which[at];
      return result;
    }

    // Numbers of the problems that are left, in the order of a column.
    function listed(numbers, sort) {
      const shown = [...data.problems.keys()].filter((number) => numbers[number + 1]);
      const name = sort.replace("-", "");
      const sign = sort.startsWith("-") ? -1 : 1;
      if (!name) return shown;
      const value = (number) => {
        const problem = data.problems[number];
        const own = name === "rows" ? numbers[number + 1] : name === "cause" ? problem.label : problem[name];
        return typeof own === "string" ? own.toLowerCase() : own;
      };
      return shown
        .map((number) => [value(number), number])
        .sort(([a, i], [b, j]) => {
          if (a === null || b === null) return a === b ? i - j : a === null ? 1 : -1;
          return a < b ? -sign : a > b ? sign : i - j;
        })
        .map(([, number]) => number);
    }

    return { live, left, scores, failing, spread, sorted, listed };
  }

  // Nodes

  const signed = (meaning, word, text) =>
    node(
      "span",
      { class: "signed" },
      sign(meaning),
      node("span", {}, node("span", { class: "unseen" }, `${word}: `), text),
    );
  const bar = (share, meaning = "") =>
    node("span", { class: `bar ${meaning}`, style: `width:${(100 * share).toFixed(1)}%`, "aria-hidden": "true" });

  const TABLES = {
    problems: "Problems",
    failures: "Failures",
    checks: "All checks",
    map: "Map",
    dates: "Dates",
    references: "References",
  };
  const DRAWN = ["map", "dates", "references"]; // no tables
  // Name, width, where it is left out, whether it holds numbers.
  const COLUMNS = {
    problems: [
      ["fixed", "", "tick"],
      ["cause", "42%"],
      ["name", "42%"],
      ["submission", "14%", "anywhere"],
      ["rows", "", "phone", true],
      ["series", "", "narrow", true],
      ["patients", "", "phone", true],
      ["gain", "", "", true],
    ],
    failures: [
      ["cause", "24%"],
      ["action", "13%", "narrow"],
      ["name", "17%"],
      ["expected", "17%", "phone"],
      ["actual", ""],
      ["submission", "10%", "anywhere"],
      ["patient", "13%", "phone"],
    ],
  };
  COLUMNS.checks = COLUMNS.failures;
  for (const name of DRAWN) COLUMNS[name] = COLUMNS.failures;
  const KEYS = [
    ["Tab", "to the next part: each list of bars and each table is one stop"],
    ["↑ ↓ ← →, Home, End", "move in a list, a table, the map"],
    ["Enter, Space", "filter by the bar, open the row"],
    ["Page Up, Page Down", "turn the page of the table"],
    ["/", "search"],
    ["f", "tick a problem as fixed"],
    ["Esc", "back: close what is open, then the row"],
    ["?", "this help"],
  ];

  function render(root, data, host, begun = {}) {
    const sift = sieve(data);
    const { facets } = data;
    const everything = sift.scores({});
    const submitted = [...new Set(facets.submission?.codes ?? [0])];
    const several = submitted.length > 1;
    const only = data.covers === "problems"; // what-if: problems to tick, and nothing else
    let fixes = data.fixes && scores.model(data);
    const official = data.problems.map(({ gain }) => gain);
    const START = { ...STATE, unit: data.fixes?.unit ?? STATE.unit }; // by what the score counts
    const byRules = () => state.unit !== START.unit || Object.keys(state.weights).length > 0;
    const titled = (name, table = state.table) =>
      data.words.heads[table === "checks" && name === "cause" ? "verdict" : name];
    const columnsOf = (table) =>
      COLUMNS[table].filter(([name]) => (name !== "submission" || (several && !only)) && name !== "fixed");
    let state = { ...START, ...begun };
    let here = null;
    let given = sift.live(state.table) ? null : { waiting: true };
    let check = null;
    let acted = 0;
    let turning = false;
    let helping = false;
    let copying = "";
    let whole = new Set();
    let notice = "";

    root.classList.add("midi-parts", only ? "midi-problems" : "midi-explorer");
    const region = (name, label) =>
      node("div", { class: "midi-page", "data-page": name, role: "region", "aria-label": label });
    const [head, side, main] = [
      region("head", "Scores and search"),
      region("side", "Filters"),
      region("main", "Results"),
    ];
    const list = node("div");
    const card = node("section", { class: "card", "aria-label": "Detail", hidden: true });
    const [first, title, words, reasons] = [
      node("div", { class: "first" }),
      node("div"),
      node("div"),
      node("div", { class: "reasons" }),
    ];
    const place = node("div", { class: "midi-place-of-viewer" });
    const compared = node("div");
    let shownHeader = null;
    first.append(title, words, place);
    card.append(first, reasons, compared);
    main.append(list, card);
    root.append(head, side, main);

    const label = (name, code) => facets[name].labels[code];
    const isFiltered = () => Object.keys(state.filters).length > 0 || state.search !== "";
    const listsProblems = () => state.table === "problems";
    const hasRows = () => here.rows || listsProblems(); // all that is listed, not a page of it
    const wholeButton = (name, face) =>
      button(face, "whole", name, { class: "quiet more", "data-id": `more-${name}`, "data-item": true });
    const put = (old, ...fresh) => {
      const made = document.createDocumentFragment();
      made.append(...fresh.flat(9).filter(Boolean));
      patch(old, made);
    };
    const fit = lines.fitted(list);

    // What is listed: numbers of problems, or rows; positions of rows that are not here come a page at a time. Ticks,
    // pages and picks leave what the filters leave.
    let listed = [];
    let shown = null;
    const left = kept(() => sift.left(state, given)); // asked with what the answer depends on, as are the others
    const inOrder = kept(() => sift.sorted(here.rows, state.sort));
    const ofWhatIsLeft = kept(() => sift.scores(state.filters, state.search)); // by submission, as is the next
    const failing = kept(() => sift.failing(state.filters, here.weights));
    const spread = kept(() => here.rows && sift.spread(here.rows)); // of each problem; null where no rows are here
    function sieved() {
      here = left(state.table, JSON.stringify(state.filters), state.search, given);
      if (fixes)
        (byRules() ? fixes.gains(state) : official).forEach((gain, number) => {
          data.problems[number].gain = gain;
        });
      if (listsProblems() || state.table === "map")
        listed = sift.listed(here.problems, state.table === "map" ? "" : state.sort || (byRules() ? "-gain" : ""));
      else listed = here.rows ? inOrder(here, state.sort) : [];
      shown = here.rows ? data.rows : (given?.rows ?? null);
    }
    const placeOfPick = () =>
      listsProblems()
        ? listed.indexOf(state.picked)
        : here.rows
          ? listed.findIndex((row) => data.rows.position[row] === state.picked)
          : -1;
    const total = () => (hasRows() ? listed.length : here.total);
    const pages = () => Math.max(Math.ceil(total() / PAGE), 1);

    // State

    function set(change) {
      const before = state;
      state = { ...state, ...change };
      if ("table" in change && change.table !== before.table) {
        state.sort = "";
        state.page = 0;
        again(before);
        turning = state.picked >= 0; // to the page where it is
      }
      if ("filters" in change || "search" in change) Object.assign(state, { page: 0, picked: change.picked ?? -1 });
      if ("sort" in change || "unit" in change || "weights" in change) state.page = 0;
      if (state.picked !== before.picked && !("example" in change) && !("table" in change)) state.example = 0;
      if (["filters", "search", "table"].some((name) => name in change))
        given = sift.live(state.table) ? null : { waiting: true };
      const opens = ["picked", "example", "header"].some((name) => name in change); // a tab must not scroll away
      acted = opens ? Date.now() : 0;
      notice = "";
      if (state.picked < 0) check = null;
      draw();
      const { page, picked, example } = state; // other changes reset these, here and in the kernel
      host.changed(state, { page, picked, example, ...differing(state, before) });
    }
    // Filters in another order are the same ones.
    const spelled = (value) => JSON.stringify(value?.constructor === Object ? Object.entries(value).sort() : value);
    const differing = (state, before) =>
      Object.fromEntries(Object.entries(state).filter(([name, value]) => spelled(value) !== spelled(before[name])));

    // What was picked in one table is picked in the other: a check of the problem, or its problem.
    function again(before) {
      if (state.picked < 0 || (before.table === "problems") === listsProblems()) return;
      if (before.table === "problems") {
        state.picked = check?.position ?? -1;
        state.example = 0;
      } else {
        const row = data.rows.position.indexOf(before.picked);
        const kind = row < 0 ? -1 : data.rows.kind[row];
        const number = kind < 0 || kind >= data.kinds.failing ? -1 : data.kinds.problem[kind] - 1;
        state.picked = number;
        if (number >= 0) state.example = Math.max(examples({ ...state, table: "problems" }).indexOf(row), 0);
      }
    }

    // The rows of the picked problem that the filters leave; all of them if they leave none.
    function examples(of = state) {
      const own = [];
      for (let row = 0; row < data.rows.kind.length; row++) {
        const kind = data.rows.kind[row];
        if (kind < data.kinds.failing && data.kinds.problem[kind] === of.picked + 1) own.push(row);
      }
      const kept = new Set(sift.left({ ...of, table: "failures" }).rows);
      const left = own.filter((row) => kept.has(row));
      return left.length ? left : own;
    }

    function toggle(name, code) {
      const codes = state.filters[name] ?? [];
      const next = codes.includes(code) ? codes.filter((one) => one !== code) : [...codes, code];
      const { [name]: _, ...others } = state.filters;
      set({ filters: next.length ? { ...others, [name]: next } : others });
    }

    // Head

    function drawHead() {
      if (only) return put(head, node("header", {}, several && submissions()));
      const hint = data.values ? "Search tags, values, patients" : "Search tags and names";
      const search = searchField({
        "data-act": "search",
        "data-id": "search",
        value: state.search,
        placeholder: hint,
        "aria-label": "Search",
      });
      const filters = Object.values(state.filters).flat().length;
      const fold = button(filters ? `Filters (${filters})` : "Filters", "fold", "", {
        class: "fold",
        "data-id": "fold",
        "aria-expanded": String(root.classList.contains("midi-unfolded")),
      });
      const help = button("?", "help", "", {
        "data-id": "help",
        title: "Keys ( ? )",
        "aria-label": "Help",
        "aria-expanded": String(helping),
      });
      put(
        head,
        node(
          "header",
          {},
          line(score(), node("span", { class: "end line" }, fold, search, help)),
          data.notes.map((note) => node("p", { class: "quiet" }, note)),
          helping && keys(),
          several && submissions(),
        ),
      );
    }
    const sum = (rows) => rows.reduce((all, row) => all.map((number, at) => number + row[at]), [0, 0, 0]);
    const rate = ([failed, blank, passed]) => passed / (failed + blank + passed);
    const chosenSubmissions = () => state.filters.submission ?? submitted;

    function score() {
      const mine = chosenSubmissions();
      const pooled = several && mine.length > 1;
      const all = sum(everything.filter((_, code) => !facets.submission || mine.includes(code)));
      const checks = all[0] + all[1] + all[2];
      if (!data.complete) return scoreOfFailures(mine, count(all[0] + all[1], "failed or blank check"));
      if (!checks)
        return [
          node("span", { class: "big" }, data.total ? "No score" : "No checks"),
          data.total > 0 && quiet("the official scorer writes no row for these checks"),
        ];
      const big = pooled ? count(mine.length, "submission") : `Score ${percent(rate(all))}`;
      const numbers = (counts) =>
        [
          [2, "pass", "passed"],
          [0, "fail", "failed"],
          [1, "blank", "blank"],
        ]
          .filter(([at]) => counts[at] || at !== 1)
          .map(([at, meaning, word]) => node("span", {}, sign(meaning), `${count(counts[at])} ${word}`));
      const shown = [
        node("span", { class: "big" }, big),
        quiet(`of ${checks === 1 ? "the only check" : `all ${count(checks, "check")}`}:`),
        numbers(all),
      ];
      return shown;
    }

    // Where not all checks are there: the score of a submission of which it is known, else how many fail.
    function scoreOfFailures(mine, failing) {
      const known = (fixes ? fixes.rates(START) : []).filter(
        ({ code, before }) => mine.includes(code) && !Number.isNaN(before),
      );
      const [big, note] = !known.length
        ? [failing, "these results hold failures only, so there is no score"]
        : mine.length > 1
          ? [failing, "of some submissions there are failures only"]
          : [`Score ${percent(known[0].before)}`, `${data.words.unit[START.unit].toLowerCase()} counted; ${failing}`];
      return [node("span", { class: "big" }, big), node("span", {}, note)];
    }

    // What the filters leave of the checks, and how many of these passed.
    const narrowed = () => Object.keys(state.filters).filter((name) => name !== "submission" && name !== "verdict");
    function selected() {
      if ((!narrowed().length && !state.search.trim()) || !data.complete || (several && chosenSubmissions().length > 1))
        return null;
      return quiet(ofSelection(chosenSubmissions()));
    }
    function ofSelection(mine) {
      const scores = ofWhatIsLeft(here);
      if (!scores) return "No score of the selection: passed checks are not searched.";
      const some = sum(scores.filter((_, code) => !facets.submission || mine.includes(code)));
      const [own, others] = [true, false].map((of) => narrowed().some((name) => FAILURES.includes(name) === of));
      const checks = some[0] + some[1] + some[2];
      const which = others || state.search.trim() ? " selected" : "";
      const passes = own ? "would pass if only these failed" : "passed";
      return checks
        ? `${percent(rate(some))} of the ${count(checks, "check")}${which} ${passes}`
        : "No check is selected.";
    }

    // The submissions, the best first: scores before and after what is ticked, of the selection if there is one,
    // failures.
    function submissions() {
      const all = submitted.filter((code) => code);
      const wanted = state.filters.submission ?? [];
      const narrow = !only && (narrowed().length > 0 || state.search.trim() !== "");
      const sums = ofWhatIsLeft(here);
      const rates = fixes ? fixes.rates(state) : [];
      const fails = failing(here);
      const lines = all.map((code) => {
        const name = button(label("submission", code), "toggle", `submission:${code}`, {
          "data-id": `score-${code}`,
          "data-item": true,
          "aria-pressed": String(wanted.includes(code)),
          title: only ? "List the problems of this submission" : "Show this submission alone",
        });
        const [failing, alone] = fails[code];
        const pressed = wanted.includes(code) && (state.filters.also_fails_in ?? []).includes(1);
        return {
          code,
          face: name,
          mine: wanted.includes(code),
          rates: rates.find((one) => one.code === code),
          selected: narrow && sums ? percent(rate(sums[code])) : null,
          failing: count(failing),
          only_here: button(count(alone), "only-here", code, {
            "data-id": `only-here-${code}`,
            "data-item": true,
            "aria-pressed": String(pressed),
            "aria-label": `${count(alone)} only in ${label("submission", code)}`,
            title: "Show what fails here and in no other submission that was judged on it",
          }),
        };
      });
      const worth = ({ rates: own, code }) => own?.after || -fails[code][0];
      lines.sort((a, b) => worth(b) - worth(a) || a.code - b.code);
      const some = whole.has("submissions") ? lines : lines.slice(0, FEW + 2);
      const said = narrow && data.complete ? ofSelection(chosenSubmissions()) : "";
      const shown = [
        "submission",
        ...(fixes ? ["track", "score", "rank"] : []),
        ...(narrow && data.complete && sums ? ["selected"] : []),
        "failing",
        ...(facets.also_fails_in ? ["only_here"] : []),
      ];
      const totals = data.complete ? all.map((code) => everything[code].reduce((a, b) => a + b)) : [];
      const [least, most] = [Math.min(...totals), Math.max(...totals)];
      const unlike =
        least < most &&
        `These submissions were judged on different numbers of checks (${count(least)} to ${count(most)}): ` +
          "one that is asked less may score higher only for that.";
      return node(
        "div",
        {},
        [said, unlike].filter(Boolean).map((one) => node("p", { class: "quiet" }, one)),
        scores.table(some, data.words.heads, shown),
        lines.length > some.length &&
          button(`${count(lines.length - some.length)} more`, "whole", "submissions", {
            class: "quiet more",
            "data-id": "more-submissions",
          }),
      );
    }

    // What becomes of the score once the ticked problems are fixed, and the rules by which it counts.
    let ruling = only;
    function whatIf() {
      if (!fixes || !listsProblems()) return null;
      const mine = chosenSubmissions();
      const rates = fixes.rates(state);
      const own = mine.length === 1 ? rates.find(({ code }) => code === mine[0]) : null;
      const ticked = state.fixed.filter((number) => mine.includes(data.fixes.codes[data.fixes.of[number]])).length;
      if (!data.problems.length) return null;
      return node(
        "div",
        { class: "fixing" },
        line(
          node(
            "span",
            // there before its text, which is read out whole
            { class: "line", "aria-live": "polite", "aria-atomic": "true" },
            only || ticked
              ? scores.brought(
                  own,
                  rates.filter(({ code }) => code || !several).length,
                  ticked,
                  scores.rule(data.words, state),
                )
              : quiet("What if? Tick problems as fixed."),
          ),
          node(
            "span",
            { class: "end line" },
            button("Clear", "none", "", { disabled: !state.fixed.length, "data-id": "none", title: "Tick no problem" }),
            !only &&
              button("Rules ▾", "rules", "", {
                "aria-expanded": String(ruling),
                "data-id": "rules",
                title: "Weights of the categories, and what counts",
              }),
          ),
        ),
        (ruling || byRules()) && scores.rules(data, state),
      );
    }

    function chips() {
      const cross = () => node("span", { "aria-hidden": "true" }, " ✕");
      const all = Object.entries(state.filters).flatMap(([name, codes]) =>
        codes.map((code) =>
          button([`${name}: ${clipped(label(name, code), 60)}`, cross()], "toggle", `${name}:${code}`, {
            class: "chip",
            "data-id": `chip-${name}-${code}`,
            "aria-label": `Remove filter ${name}: ${label(name, code)}`,
          }),
        ),
      );
      if (state.search)
        all.push(
          button([`search: ${clipped(state.search, 30)}`, cross()], "clear-search", "", {
            class: "chip",
            "data-id": "chip-search",
          }),
        );
      return all.length
        ? node("div", { class: "line tabs" }, all, button("Clear all", "clear", "", { "data-id": "clear" }), selected())
        : null;
    }

    const keys = () =>
      node(
        "dl",
        { class: "facts help" },
        KEYS.map(([key, does]) => [node("dt", {}, node("kbd", {}, key)), node("dd", {}, does)]),
      );

    // Bars

    // A filter never moves the bar that was clicked, so that a second click undoes it: the lists above stay as tall.
    let tall = {};
    let clicked = "";
    function drawSide() {
      if (only) return;
      const narrow = isFiltered();
      const worth = (name) =>
        // submissions have a table
        (narrow || here.total > 0) && (name === "verdict" ? state.table === "checks" : name !== "submission");
      if (!narrow) tall = {};
      put(side, Object.keys(facets).filter(worth).map(facet));
    }
    // Asked for last: the browser lays out the page for it.
    function measure() {
      for (const {
        dataset,
        lastElementChild: { offsetHeight },
      } of side.children)
        tall[dataset.id] = Math.max(tall[dataset.id] ?? 0, offsetHeight);
    }

    const names = Object.keys(facets);
    const OPEN = ["submission", "also_fails_in", "passes_in", "verdict", "axis", "cause", "action"];
    function facet(name) {
      const numbers = here.counts[name];
      const wanted = state.filters[name] ?? [];
      const order = [...numbers.keys()]
        .slice(1)
        .filter((code) => numbers[code] || wanted.includes(code))
        .sort((a, b) => numbers[b] - numbers[a] || a - b);
      const limit = whole.has(name) ? MANY : FEW;
      const some = order.filter((code, place) => place < limit || wanted.includes(code));
      const most = Math.max(1, ...order.slice(0, 1).map((code) => numbers[code]));
      const rest = order.length - some.length;
      const more =
        rest > 0 &&
        (whole.has(name)
          ? node("li", { class: "quiet" }, `and ${count(rest)} more: search for them`)
          : node("li", {}, wholeButton(name, `${count(rest)} more`)));
      const fewer = whole.has(name) && order.length > FEW && node("li", {}, wholeButton(name, "Fewer"));
      const rows = some.map((code) => barOf(name, code, most));
      return node(
        "details",
        {
          class: "facet",
          open: OPEN.includes(name) || wanted.length > 0,
          "data-id": name,
          "data-group": `facet-${name}`,
        },
        node(
          "summary",
          { "data-id": `facet-${name}`, "data-item": true },
          data.words.heads[name],
          quiet(count(order.length)),
        ),
        node(
          "ul",
          { style: tall[name] && names.indexOf(name) < names.indexOf(clicked) ? `min-height:${tall[name]}px` : null },
          rows,
          more,
          fewer,
        ),
      );
    }

    // A bar to click: a text of a facet, and how many checks have it.
    function barOf(name, code, most) {
      const number = here.counts[name][code];
      const meaning = facets[name].meanings[code];
      const text = node("span", { title: label(name, code) }, meaning && sign(meaning), label(name, code));
      const words = node("span", { class: "label" }, text, node("span", { class: "number" }, count(number)));
      return node(
        "li",
        {},
        button([words, bar(number / most, meaning)], "toggle", `${name}:${code}`, {
          "data-id": `${name}:${code}`,
          "data-item": true,
          "aria-pressed": String((state.filters[name] ?? []).includes(code)),
          class: number ? null : "empty",
        }),
      );
    }

    // Results

    function drawList() {
      if (only) return put(list, whatIf(), table(), pager());
      const tables = Object.keys(TABLES).filter((name) =>
        name === "checks" ? host.kernel || data.covers === "all" : !(name in lines.views) || data.views.includes(name),
      );
      const tabs = tables.map((name) =>
        button(TABLES[name], "table", name, {
          "aria-pressed": String(name === state.table),
          "data-id": `table-${name}`,
          "data-item": true,
        }),
      );
      const failing = here.total;
      const every = listsProblems() ? data.problems.length : 0;
      const said = listsProblems()
        ? `${isFiltered() ? `${count(listed.length)} of ` : ""}${count(every, "problem")}, ${count(failing, "check")}`
        : state.table in lines.views
          ? ""
          : state.table === "checks"
            ? count(here.total, "check")
            : count(failing, data.failure);
      const bar = node(
        "div",
        { class: "line tabs" },
        joined("What to list", tabs, { "data-group": "tables" }),
        node("span", { class: "quiet", "aria-live": "polite" }, given?.waiting ? "…" : notice || said),
        copies(),
      );
      const fits = [];
      const tools = { label, values: data.values, fits };
      const view = () => lines.draw(state.table, data.lines[state.table], leaf, state, tools);
      const drawn = () => (state.table === "map" ? map() : view());
      put(list, bar, chips(), whatIf(), DRAWN.includes(state.table) ? drawn() : [table(), pager()], hint());
      fit(fits);
    }

    function hint() {
      if (state.picked >= 0 || !total() || state.table in lines.views) return null;
      const what = {
        problems: "Pick a problem to see its words, its rule and its image.",
        map: "Pick a cell to see its failures.",
      }[state.table];
      return node("p", { class: "quiet tabs hint" }, what ?? "Pick a check to see its words, its rule and its image.");
    }

    function table() {
      if (!total()) return nothingListed();
      const columns = [...(fixes && listsProblems() ? [COLUMNS.problems[0]] : []), ...columnsOf(state.table)];
      const about = { "aria-label": TABLES[state.table], "aria-rowcount": total(), "data-group": "table" };
      const rows = onPage().map((number, place) => rowOfTable(columns, number, place));
      return grid({ role: "grid", ...about }, columns.map(headOfTable), rows);
    }
    function nothingListed() {
      if (given?.waiting) return node("p", { class: "quiet" }, "…");
      if (only) return node("p", {}, sign("pass"), "This submission has no problem left.");
      if (isFiltered()) return node("p", { class: "note" }, "Nothing is left under these filters.");
      if (!data.total) return node("p", { class: "note" }, "There are no checks.");
      const every = data.total === 1 ? "The only check passed." : `All ${count(data.total, "check")} passed.`;
      return node("p", {}, sign("pass"), every);
    }
    // Numbers of the problems or the rows on the page that is shown.
    const onPage = () =>
      hasRows() ? [...listed.slice(state.page * PAGE, (state.page + 1) * PAGE)] : [...(shown?.position ?? []).keys()];
    function rowOfTable(columns, number, place) {
      const cells = listsProblems() ? ofProblem(number) : ofCheck(shown, number);
      const of = listsProblems() ? number : shown.position[number];
      const done = listsProblems() && state.fixed.includes(number);
      return node(
        "tr",
        {
          "data-act": only ? "tick" : "pick",
          "data-of": of,
          "data-item": true,
          "data-id": `row-${state.page * PAGE + place}`,
          "aria-selected": String(of === state.picked),
          class: done ? "done" : null,
        },
        columns.map(([name, , spare, number]) => cell("td", [spare, number && "number"], cells[name])),
      );
    }
    function headOfTable([name, width, spare, number]) {
      const title = titled(name);
      if (name === "fixed") return node("th", { scope: "col", class: spare }, node("span", {}, title));
      const order = { [name]: "ascending", [`-${name}`]: "descending" }[state.sort];
      const face = [title, order && node("span", { "aria-hidden": "true" }, order === "ascending" ? " ▴" : " ▾")];
      const looks = [spare, number && "number"].filter(Boolean).join(" ") || null;
      return node(
        "th",
        { scope: "col", class: looks, style: width && `width:${width}`, "aria-sort": order },
        button(face, "sort", name, {
          "data-id": `sort-${name}`,
          "data-item": true,
          title: `Sort by ${title.toLowerCase()}`,
        }),
      );
    }
    // A text without the middle of what is too long for one line and is hard to break: a path, or a long word.
    const breakable = (text) =>
      text.replace(/^\(\S.{39,}|\S{41,}/g, (whole) => `${whole.slice(0, 16)}…${whole.slice(-23)}`);
    function cell(name, looks, inner) {
      const made = node(name, { class: looks.filter(Boolean).join(" ") || null }, inner);
      const bare = made.cloneNode(true);
      bare.querySelectorAll("[aria-hidden=true]").forEach((hidden) => hidden.remove());
      const whole = bare.textContent.trim() || (inner?.title ?? "");
      if (whole) made.title = whole;
      const short = typeof inner === "string" && !looks.includes("anywhere") ? breakable(inner) : inner;
      if (short !== inner) {
        made.textContent = short;
        made.classList.add("anywhere");
      }
      return made;
    }

    function ofProblem(number) {
      const problem = data.problems[number];
      const left = here.problems[number + 1];
      const whole = left === problem.rows;
      const [series, patients] = whole ? [problem.series, problem.patients] : (spread(here)?.[number] ?? []);
      const part = (some, all) =>
        some === all ? count(all) : some === undefined ? "–" : `${count(some)} of ${count(all)}`;
      return {
        ...problem,
        fixed:
          fixes &&
          node("input", {
            type: "checkbox",
            checked: state.fixed.includes(number),
            tabindex: -1,
            "data-act": "tick",
            "data-of": number,
            "data-id": `tick${number}`,
            "aria-label": `Fix ${problem.label}: ${problem.name}`,
            title: "Fixed ( f )",
          }),
        cause: signed(problem.axis, problem.axis, problem.label),
        gain: whole || problem.gain === null ? points(problem.gain) : `${points(problem.gain)} of all`,
        rows: part(left, problem.rows),
        series: part(series, problem.series),
        patients: part(patients, problem.patients),
      };
    }

    const text = (rows, name, row) =>
      rows.columns[name] ? rows.columns[name].texts[rows.columns[name].codes[row]] : null;
    function ofCheck(rows, row) {
      const kind = rows.kind[row];
      const of = (name) => (facets[name] ? facets[name].labels[facets[name].codes[kind]] : null);
      const verdict = VERDICTS[facets.verdict.codes[kind] - 1];
      const absence = text(rows, "absence", row);
      const value = (one, whole) => node("span", { class: whole ? "value whole" : "value" }, clipped(one ?? "", 300));
      return {
        cause: signed(facets.verdict.meanings[facets.verdict.codes[kind]], verdict, of("cause") ?? verdict),
        action: of("action"),
        name: text(rows, "name", row) ?? text(rows, "tag_path", row),
        expected: value(text(rows, "expected", row)),
        actual: absence ? quiet(absence) : value(text(rows, "actual", row)),
        submission: of("submission"),
        patient: value(of("patient"), true),
      };
    }

    function pager() {
      if (pages() < 2) return null;
      const start = state.page * PAGE;
      const last = pages() - 1;
      const at = state.page;
      const rest = listsProblems() ? listed.slice(start + PAGE) : [];
      const checks = rest.reduce((sum, number) => sum + here.problems[number + 1], 0);
      const said =
        `${count(start + 1)} to ${count(Math.min(start + PAGE, total()))} of ${count(total())}` +
        (rest.length ? `; the other ${rest.length} make up ${count(checks, "check")}` : "");
      return node(
        "div",
        { class: "line pager" },
        steps("page", [
          ["«", "First page", 0, at === 0],
          ["‹", "Previous page", at - 1, at === 0],
          ["›", "Next page", at + 1, at >= last],
          ["»", "Last page", last, at >= last],
        ]),
        node("span", { class: "quiet", "aria-live": "polite" }, said),
      );
    }

    // Attributes (or causes) by modality, or by requirement where no modality is known: how many failures of privacy
    // and of utility; a click filters by both.
    const across = facets.modality ? "modality" : "action";
    let mapped = "attribute";
    let leaf = 0; // leaf: the page of a view
    function map() {
      const choice = ["attribute", "cause"].map((name) =>
        button(name === "cause" ? "Causes" : "Attributes", "mapped", name, {
          "aria-pressed": String(name === mapped),
          "data-id": `mapped-${name}`,
        }),
      );
      const cells = new Map();
      const sums = new Map();
      const columns = new Map();
      const by = facets[mapped].codes;
      const columnOf = facets[across].codes;
      for (let kind = 0; kind < data.kinds.failing; kind++) {
        if (here.misses[kind] || !here.weights[kind]) continue;
        const axis = facets.axis.texts[facets.axis.codes[kind]] === "privacy" ? 0 : 1;
        const of = columnOf[kind];
        const key = `${by[kind]} ${of}`;
        const found = cells.get(key) ?? [0, 0];
        found[axis] += here.weights[kind];
        cells.set(key, found);
        sums.set(by[kind], (sums.get(by[kind]) ?? 0) + here.weights[kind]);
        columns.set(of, (columns.get(of) ?? 0) + here.weights[kind]);
      }
      const order = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a) || a - b);
      const lines = order.slice(0, 20);
      if (!lines.length) return [line(choice), node("p", { class: "note" }, "Nothing is left under these filters.")];
      const most = Math.max(...[...cells.values()].map(([a, b]) => Math.max(a, b)));
      const heads = [...columns.keys()].sort((a, b) => columns.get(b) - columns.get(a) || a - b);
      const named = (name, code) => label(name, code) ?? "none";
      const half = (number, meaning) =>
        number
          ? node(
              "span",
              { class: "half" },
              node("span", {
                class: `bar ${meaning}`,
                style: `width:${(WIDE * Math.sqrt(number / most)).toFixed(1)}px`,
                "aria-hidden": "true",
              }),
              node("span", {}, count(number)),
            )
          : null;
      const rows = lines.map((code) =>
        node(
          "tr",
          {},
          node("th", { scope: "row", title: named(mapped, code) }, named(mapped, code)),
          heads.map((of) => {
            const found = cells.get(`${code} ${of}`);
            if (!found) return node("td");
            const where = `${named(mapped, code)}, ${named(across, of)}`;
            const says = `${where}: ${count(found[0])} privacy, ${count(found[1])} other`;
            return node(
              "td",
              {},
              button([half(found[0], "privacy"), half(found[1], "utility")], "cell", `${code}:${of}`, {
                "data-id": `cell-${code}-${of}`,
                "data-item": true,
                "aria-label": says,
                title: says,
              }),
            );
          }),
        ),
      );
      const rest = order.length - lines.length;
      return [
        line(
          joined("Lines of the map", choice),
          node("span", {}, sign("privacy"), "privacy"),
          node("span", {}, sign("utility"), "utility and others"),
        ),
        grid(
          { class: "grid map-of", "aria-label": "Map", "data-group": "map" },
          [
            node("th", { scope: "col" }, data.words.heads[mapped]),
            heads.map((of) => node("th", { scope: "col" }, node("span", {}, named(across, of)))),
          ],
          rows,
        ),
        rest > 0 &&
          node(
            "p",
            { class: "quiet" },
            `… and ${count(rest)} more with ${count(
              order.slice(20).reduce((all, code) => all + sums.get(code), 0),
              "failure",
            )}`,
          ),
      ];
    }

    // Copies

    function copies() {
      const open = copying === "open";
      const menu = button("Copy ▾", "copies", "", { "data-id": "copies", "aria-expanded": String(open), class: "end" });
      if (!open) return menu;
      const columns = columnsOf(state.table);

      return [
        menu,
        node(
          "div",
          { class: "line copies", role: "group", "aria-label": "Copy" },
          button("Row", "copy", "row", { disabled: state.picked < 0, "data-id": "copy-row" }),
          hasRows() &&
            !DRAWN.includes(state.table) && [
              button("All rows as CSV", "copy", "csv", { "data-id": "copy-csv" }),
              columns.map(([name]) =>
                button(titled(name), "copy", name, {
                  "data-id": `copy-${name}`,
                  title: `Copy the column ${titled(name)}`,
                }),
              ),
            ],
          button("Selection as code", "copy", "code", { "data-id": "copy-code" }),
        ),
      ];
    }
    const plain = (cells, name) => {
      const one = cells[name];
      return one instanceof Node
        ? (one.querySelector?.(".unseen")?.nextSibling?.textContent ?? one.textContent)
        : String(one ?? "");
    };
    const cellsOf = (number) => (listsProblems() ? ofProblem(number) : ofCheck(data.rows, number));
    // A spreadsheet runs what begins like a formula.
    const quoted = (one) => {
      const safe = /^[=+\-@\t\r]/.test(one) && Number.isNaN(Number(one)) ? `'${one}` : one;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    function code() {
      const filters = Object.entries(state.filters).map(
        ([name, codes]) => `${literal(name)}: [${codes.map((one) => literal(facets[name].texts[one])).join(", ")}]`,
      );
      const parts = [
        `table=${literal(state.table)}`,
        `filters={${filters.join(", ")}}`,
        state.search && `search=${literal(state.search)}`,
        state.picked >= 0 && `picked=${state.picked}`,
        state.example && `example=${state.example}`,
      ];
      return [
        "explorer = mn.widgets.explore(results)",
        `explorer.set(${parts.filter(Boolean).join(", ")})`,
        "explorer.selection",
      ].join("\n");
    }
    const literal = (one) =>
      JSON.stringify(one)
        .replace(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .replace(/(?:\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})+/g, (pair) =>
          [...JSON.parse(`"${pair}"`)]
            .map((letter) => `\\U${letter.codePointAt(0).toString(16).padStart(8, "0")}`)
            .join(""),
        );
    function copy(of) {
      const columns = columnsOf(state.table);
      let what;
      let said;
      if (of === "code") [what, said] = [code(), "Copied the selection as code."];
      else if (of === "row") {
        const rows = hasRows()
          ? cellsOf(listsProblems() ? state.picked : data.rows.position.indexOf(state.picked))
          : null;
        what = rows ? columns.map(([name]) => plain(rows, name)).join("\t") : words.textContent;
        said = "Copied the row.";
      } else {
        const names = of === "csv" ? columns : columns.filter(([name]) => name === of);
        const lines = [...listed].map((number) => {
          const cells = cellsOf(number);
          return names.map(([name]) => (of === "csv" ? quoted(plain(cells, name)) : plain(cells, name))).join(",");
        });
        what = [of === "csv" ? names.map(([name]) => quoted(titled(name))).join(",") : null, ...lines]
          .filter((one) => one !== null)
          .join("\n");
        said = `Copied ${count(lines.length, "row")}.`;
      }
      toClipboard(what).then((done) => {
        notice = done ? said : "The browser does not let this page copy.";
        copying = "";
        drawList();
        rove();
      });
    }
    async function toClipboard(what) {
      try {
        await navigator.clipboard.writeText(what);
        return true;
      } catch {
        const field = node("textarea", { style: "position:fixed;opacity:0" });
        field.value = what;
        root.append(field);
        field.select();
        const done = document.execCommand("copy");
        field.remove();
        return done;
      }
    }

    // The card

    function drawCard() {
      const shownNow = state.picked >= 0 && check;
      card.hidden = !shownNow;
      if (!shownNow) {
        put(title);
        put(words);
        put(reasons);
        return;
      }
      put(title, listsProblems() && problemLine());
      put(words, markup(check.words));
      put(reasons, suggestions(), markup(check.reasons), others());
    }

    function problemLine() {
      const problem = data.problems[state.picked];
      const gain = problem.gain === null ? "" : `, ${points(problem.gain)} points if fixed`;
      const checks = `${count(problem.rows, "check")} in ${count(problem.series)} series`;
      const said = `: ${checks} of ${count(problem.patients, "patient")}${gain}`;
      const turn = [
        quiet(`check ${count(check.place + 1)} of ${count(check.places)} `),
        steps("example", [
          ["‹", "Previous check of this problem", check.place - 1, check.place === 0],
          ["›", "Next check of this problem", check.place + 1, check.place >= check.places - 1],
        ]),
      ];
      return line(
        node("span", {}, node("strong", {}, problem.name), quiet(said)),
        node("span", { class: "end" }, check.places > 1 && turn),
      );
    }

    const rowOf = () => data.rows.position.indexOf(check.position);
    function suggestions() {
      const row = rowOf();
      const buttons = listsProblems() ? [button("List its checks", "list", "", { "data-id": "list" })] : [];
      if (check.header)
        buttons.unshift(
          button("Header", "header", "", {
            "data-id": "header",
            "aria-expanded": String(state.header),
            title: "All attributes of this image, original and released",
          }),
        );
      const kind = row >= 0 ? data.rows.kind[row] : -1;
      if (kind >= 0)
        for (const name of ["attribute", "patient", "cause"]) {
          const code = facets[name].codes[kind];
          if (code && !(state.filters[name] ?? []).includes(code))
            buttons.push(button(`Only this ${name}`, "toggle", `${name}:${code}`, { "data-id": `only-${name}` }));
        }
      return line(buttons);
    }

    // The other checks on the attribute: how many, and those that fail, of the same instance first.
    function others() {
      const row = rowOf();
      if (row < 0) return null;
      const alike = onSameAttribute(data.rows.kind[row]);
      const numberOf = (end) =>
        alike.subarray(0, end).reduce((sum, one, kind) => sum + one * data.kinds.count[kind], 0);
      const { failing } = data.kinds;
      const all = numberOf() - 1;
      if (!all) return node("p", { class: "quiet" }, "This is the only check on this attribute.");
      const failed = numberOf(failing) - (data.rows.kind[row] < failing ? 1 : 0);
      const said = `${count(all, "other check")} on this attribute, ${count(failed)} of them failed or blank`;
      return node(
        "details",
        { "data-id": "others" },
        node("summary", { "data-id": "others-head" }, said),
        tableOfOthers(nearestFirst(row, alike).slice(0, OTHERS)),
      );
    }
    // Which kinds of checks are on the attribute of one kind, in the same submission.
    function onSameAttribute(kind) {
      const columns = [facets.attribute, facets.submission].filter(Boolean);
      return Uint32Array.from(data.kinds.count, (_, other) =>
        columns.every(({ codes }) => codes[other] === codes[kind]) ? 1 : 0,
      );
    }
    // The other rows of some kinds: those of the same instance first, and of these that fail.
    function nearestFirst(row, kinds) {
      const { instance } = data.rows.columns;
      const rank = (other) =>
        (instance.codes[other] === instance.codes[row] ? 0 : 2) + (data.rows.kind[other] < data.kinds.failing ? 0 : 1);
      const rows = [];
      for (let other = 0; other < data.rows.kind.length; other++)
        if (other !== row && kinds[data.rows.kind[other]]) rows.push(other);
      return rows.sort((a, b) => rank(a) - rank(b) || a - b);
    }
    function tableOfOthers(rows) {
      if (!rows.length) return null;
      const columns = columnsOf("checks").filter(([name]) => name !== "submission" && name !== "name");
      const heads = columns.map(([name, , spare]) =>
        node("th", { scope: "col", class: spare || null }, node("span", {}, titled(name, "checks"))),
      );
      const lines = rows.map((row) => {
        const cells = ofCheck(data.rows, row);
        return node(
          "tr",
          {},
          columns.map(([name, , spare]) => cell("td", [spare], cells[name])),
        );
      });
      return grid({ "aria-label": "Other checks on this attribute" }, heads, lines);
    }

    // All of it

    function draw() {
      sieved();
      if (turning) state.page = Math.max(Math.floor(placeOfPick() / PAGE), 0);
      turning = false;
      if (state.page >= pages()) state.page = pages() - 1;
      drawHead();
      drawSide();
      drawList();
      drawCard();
      rove();
      measure();
    }

    // Each list is one stop of the Tab key: the item that had the focus last, the picked row, or the first.
    const remembered = {};
    function rove() {
      for (const group of root.querySelectorAll("[data-group]")) {
        const items = [...group.querySelectorAll("[data-item]")];
        const stop =
          items.find((item) => item.dataset.id === remembered[group.dataset.group]) ??
          items.find((item) => item.matches("tr[aria-selected=true]")) ??
          items.find((item) => item.nodeName === "TR") ??
          items[0];
        for (const item of items) item.tabIndex = item === stop ? 0 : -1;
      }
      withoutShortcuts(root);
      const focused = focusedIn(root);
      if (focused?.disabled && root.contains(focused))
        (beside(focused) ?? list.querySelector("[data-group=table] [tabindex='0']"))?.focus({ preventScroll: true });
      countDrawn(root);
    }
    // The next button of a group to one that is disabled: the focus would be lost with it.
    function beside(element) {
      const all = [...element.parentElement.querySelectorAll("button")];
      const far = (one) => Math.abs(all.indexOf(one) - all.indexOf(element));
      return all.filter((one) => !one.disabled).sort((a, b) => far(a) - far(b))[0];
    }
    root.addEventListener("focusin", ({ target }) => {
      const group = target.closest("[data-group]");
      if (!group || !target.matches("[data-item]")) return;
      remembered[group.dataset.group] = target.dataset.id;
      for (const item of group.querySelectorAll("[data-item]")) item.tabIndex = item === target ? 0 : -1;
    });

    function reveal() {
      if (Date.now() - acted > PROMPT || card.hidden) return;
      requestAnimationFrame(() => {
        const image = innerHeight < 560 && place.querySelector(".midi-stage"); // there is no room for words above it
        const tall = first.getBoundingClientRect().height > innerHeight * 0.8;
        (image || first).scrollIntoView({ block: tall ? "start" : "nearest" });
      });
    }

    // What is done

    const ACTS = {
      toggle: (of) => {
        const [name, number] = of.split(":");
        if (only) return set({ filters: { [name]: [Number(number)] }, fixed: [] });
        clicked = name;
        toggle(name, Number(number));
      },
      clear: () => set({ filters: {}, search: "" }),
      "clear-search": () => set({ search: "" }),
      search: (_, value) => set({ search: value }),
      table: (of) => set({ table: of }),
      sort: (of) => {
        const numbers = COLUMNS[state.table].find(([name]) => name === of)[3];
        const orders = numbers ? [`-${of}`, of] : [of, `-${of}`];
        set({ sort: state.sort === orders[0] ? orders[1] : orders[0] });
      },
      page: (of) => set({ page: Number(of) }),
      leaf: (of) => {
        leaf = Number(of);
        drawList();
        rove();
      },
      example: (of) => set({ example: Number(of) }),
      pick: (of) => set({ picked: Number(of) === state.picked ? -1 : Number(of) }),
      whole: (of) => {
        whole = new Set(whole.has(of) ? [...whole].filter((name) => name !== of) : [...whole, of]);
        delete tall[of];
        drawSide();
        rove();
        measure();
      },
      fold: () => {
        root.classList.toggle("midi-unfolded");
        drawHead();
        rove();
      },
      help: () => {
        helping = !helping;
        drawHead();
        rove();
      },
      copies: () => {
        copying = copying ? "" : "open";
        drawList();
        rove();
      },
      copy,
      mapped: (of) => {
        mapped = of;
        drawList();
        rove();
      },
      "only-here": (of) => {
        // once more: all of the submission, and of all
        const { submission, also_fails_in: also, ...filters } = state.filters;
        const code = Number(of);
        const already = also?.includes(1) && submission?.length === 1 && submission[0] === code;
        set({ filters: already ? filters : { ...filters, submission: [code], also_fails_in: [1] } });
      },
      cell: (of) => {
        const [row, column] = of.split(":").map(Number);
        set({
          table: "failures",
          filters: { ...state.filters, [mapped]: [row], ...(column ? { [across]: [column] } : {}) },
        });
      },
      tick: (of) => {
        const number = Number(of);
        set({
          fixed: state.fixed.includes(number) ? state.fixed.filter((one) => one !== number) : [...state.fixed, number],
        });
      },
      none: () => set({ fixed: [] }),
      rules: () => {
        ruling = !ruling;
        drawList();
        rove();
      },
      unit: (of) => set({ unit: of }),
      weights: (of) => set({ weights: data.presets[of] ?? { hipaa: 60, dicom: 20, tcia: 20 } }),
      weight: (of, value) => {
        const weights = { ...state.weights, [of]: value.trim() ? Number(value) : NaN };
        if (scores.weighty(weights)) set({ weights });
        else {
          const field = list.querySelector(`[data-id=weight-${of}]`);
          field.value = field.getAttribute("value");
        } // what was typed is not taken
      },
      header: () => set({ header: !state.header }),
      list: () => {
        const found = { cause: new Set(), attribute: new Set(), action: new Set() };
        for (let kind = 0; kind < data.kinds.failing; kind++)
          if (data.kinds.problem[kind] === state.picked + 1)
            for (const name of Object.keys(found))
              if (facets[name].codes[kind]) found[name].add(facets[name].codes[kind]);
        const filters = Object.fromEntries(
          Object.entries(found)
            .map(([name, codes]) => [name, [...codes]])
            .filter(([, codes]) => codes.length),
        );
        set({ table: "failures", filters: { ...state.filters, ...filters } });
      },
    };

    root.addEventListener("click", ({ target }) => {
      const element = target.closest("[data-act]");
      if (
        !element ||
        place.contains(element) ||
        compared.contains(element) ||
        !root.contains(element) ||
        element.matches("input") ||
        element.disabled
      )
        return;
      ACTS[element.dataset.act]?.(element.dataset.of ?? "");
      focusAgain(element);
    });
    // What had the focus may be gone, or another element by now.
    function focusAgain(element) {
      const id = element.dataset.id;
      if (root.contains(element) && focusedIn(root) === element) return;
      if (root.contains(element)) return element.focus({ preventScroll: true });
      (
        (id && root.querySelector(`[data-id="${CSS.escape(id)}"]`)) ||
        list.querySelector("[data-group=table] [tabindex='0'], [data-item]")
      )?.focus({ preventScroll: true });
    }
    const type = calmly(({ value }) => set({ search: value }), 150);
    root.addEventListener("input", ({ target }) => {
      if (target.matches("input[data-act=search]")) type(target);
    });

    root.addEventListener("change", ({ target }) => {
      if (target.matches("[data-act=tick], [data-act=weight]"))
        ACTS[target.dataset.act](target.dataset.of, target.value);
    });

    function back() {
      if (helping) return ACTS.help();
      if (copying) {
        ACTS.copies();
        return list.querySelector("[data-id=copies]").focus();
      }
      if (state.picked < 0) return;
      set({ picked: -1 });
      list.querySelector("[data-group=table] [tabindex='0']")?.focus();
    }

    function move(item, key) {
      const group = item.closest("[data-group]");
      const items = [...group.querySelectorAll("[data-item]")].filter((one) => one.getClientRects().length);
      const at = items.indexOf(item);
      const rows = items.filter((one) => one.nodeName === "TR");
      let to;
      if (key === "Home" || key === "End")
        to = rows.length ? rows.at(key === "Home" ? 0 : -1) : items.at(key === "Home" ? 0 : -1);
      else if (item.nodeName === "TR")
        to = { ArrowDown: rows[rows.indexOf(item) + 1], ArrowUp: rows[rows.indexOf(item) - 1] ?? items[0] }[key];
      else if (item.closest("th") && key === "ArrowDown") to = rows[0];
      else if (group.matches(".map-of") && (key === "ArrowDown" || key === "ArrowUp")) {
        const cell = item.closest("td").cellIndex;
        let row = item.closest("tr");
        do row = key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
        while (row && !row.cells[cell]?.querySelector("[data-item]"));
        to = row?.cells[cell].querySelector("[data-item]");
      } else to = items[at + (key === "ArrowDown" || key === "ArrowRight" ? 1 : -1)];
      to?.focus();
    }

    function pressed(event) {
      const { target, key } = event;
      if (hasModifier(event) || event.defaultPrevented) return;
      const typed = target.matches?.("input:not([type=checkbox]), select, textarea");
      const inside = place.contains(target) || compared.contains(target);
      const item =
        !inside &&
        (target.matches?.("[data-item]") ? target : target.matches?.("[data-act=tick]") ? target.closest("tr") : null);
      if (key === "Escape" && target.matches?.("[data-id=search]")) {
        if (target.value) {
          target.value = "";
          type.cancel();
          set({ search: "" });
        } else list.querySelector("[tabindex='0']")?.focus();
      } else if (key === "Escape") back();
      else if (typed || inside || (only && "/?".includes(key))) return;
      else if (key === "/") head.querySelector("[data-id=search]").focus();
      else if (key === "?") ACTS.help();
      else if (item && ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End"].includes(key))
        move(item, key);
      else if (
        item?.nodeName === "TR" &&
        fixes &&
        listsProblems() &&
        (key === "f" || (only && item === target && (key === "Enter" || key === " ")))
      ) {
        ACTS.tick(item.dataset.of);
        focusAgain(item);
      } else if (item?.nodeName === "TR" && item === target && (key === "Enter" || key === " ")) {
        ACTS.pick(item.dataset.of);
        focusAgain(item);
      } else if (item && item.closest("[data-group=table]") && (key === "PageDown" || key === "PageUp")) {
        const page = state.page + (key === "PageDown" ? 1 : -1);
        if (page >= 0 && page < pages()) {
          set({ page });
          list.querySelector("tbody [data-item]")?.focus();
        }
      } else return;
      keepFromPage(event);
    }
    root.addEventListener("keydown", pressed);

    draw();
    return {
      place,
      pressed,
      // The row of the check that is picked, and its place among those of its problem.
      picked() {
        const { picked, example } = state;
        if (picked < 0) return null;
        const rows = listsProblems() ? examples() : [data.rows.position.indexOf(picked)];
        const at = Math.min(example, rows.length - 1);
        return { picked, example, row: rows[at], place: at, places: rows.length };
      },
      reveal,
      get current() {
        return state;
      },
      // The state that the host sets.
      state(fresh) {
        const next = { ...START, ...fresh };
        const other = Object.keys(differing(next, state));
        if (!other.length) return;
        if (["filters", "search", "table", "sort", "page"].some((name) => other.includes(name)))
          given = sift.live(next.table) ? null : { waiting: true };
        state = next;
        if (state.picked < 0) check = null;
        draw();
      },
      check(answer) {
        if (answer.picked !== state.picked || answer.example !== state.example) return;
        check = answer;
        drawCard();
        drawList();
        rove();
        reveal();
      },
      rows(answer) {
        given = answer;
        draw();
      },
      lines(answer) {
        Object.assign(data.lines, answer);
        draw();
      },

      fixes(units) {
        Object.assign(data.fixes.units, units);
        fixes = scores.model(data);
        draw();
      },
      // Two headers, or none; or the line of theirs that the check is about.
      header({ data: lines, picked }) {
        if (lines !== undefined) {
          compared.replaceChildren();
          const box = node("div");
          if (lines) compared.append(box);
          shownHeader = lines && headers.render(box, lines, {}, () => {});
        }
        if (picked !== undefined) shownHeader?.state({ picked });
        if (lines && Date.now() - acted < PROMPT) compared.scrollIntoView({ block: "nearest" });
      },
    };
  }

  const sortable = (table) => COLUMNS[table].map(([name]) => name).filter((name) => name !== "fixed");

  return { sieve, render, unpacked, kept, sortable };
})();
