// Widgets without a kernel: what it would send is in the page.

const opened = (packed) => new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));

// (what the page holds as JSON, its buffers)
async function held() {
  const letters = atob(document.getElementById("data").textContent);
  const packed = new Uint8Array(letters.length);
  for (let at = 0; at < packed.length; at++) packed[at] = letters.charCodeAt(at); // from() takes a second for 5 MB
  const bytes = await opened(packed).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const content = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  let at = 4 + length;
  return [content, content.sizes.map((size) => bytes.slice(at, (at += size)))];
}

const board = () => placeIn(document.getElementById("board"));

// A viewer: each question it asks has been answered already.
async function aloneViewer() {
  const [{ state, answers }, buffers] = await held();
  const model = modelOf(state, ({ kind, content }) => {
    if (kind !== "message") return;
    const [message, numbers] = answers[`${content.kind} ${content.slice}`];
    setTimeout(() =>
      model.hear(
        { ...content, ...message },
        numbers.map((number) => new DataView(buffers[number])),
      ),
    );
  });
  viewer({ model, el: board() });
}

const aloneHeader = async () => headers.render(board(), (await held())[0].data, {}, () => {});

const aloneTour = async () => tour.render(board(), (await held())[0], 0, { moved: () => {} });

// The explorer: data and cards are in the page, what is chosen is in its address.
async function alone() {
  const [content, buffers] = await held();
  const data = explorer.unpacked(content.data, buffers);
  const cards = explorer.unpacked(content.cards, buffers);
  const { facets, rows } = data;

  // The address: texts of facets by their names, and all else that differs from the beginning.
  const PLAIN = ["table", "search", "sort", "page", "example"];
  const { category, unit } = data.words;
  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const state = { filters: {} };
    for (const name of Object.keys(facets)) {
      const codes = asked
        .getAll(name)
        .map((text) => facets[name].texts.indexOf(text))
        .filter((code) => code > 0);
      if (codes.length) state.filters[name] = codes;
    }
    for (const name of PLAIN)
      if (asked.has(name))
        state[name] = ["page", "example"].includes(name)
          ? Math.max(parseInt(asked.get(name)) || 0, 0)
          : asked.get(name);
    if (!["problems", "failures", "map", ...data.views].includes(state.table))
      state.table = asked.has("row") ? "failures" : "problems";
    const weights = Object.fromEntries(
      (asked.get("weights") ?? "")
        .split(",")
        .map((one, at) => [Object.keys(category)[at], Number(one)])
        .filter(([name, one]) => name && one),
    );
    if (data.fixes) {
      state.fixed = [
        ...new Set(
          (asked.get("fixed") ?? "")
            .split(",")
            .filter((one) => /^\d+$/.test(one))
            .map(Number),
        ),
      ].filter((number) => data.problems[number]);
      if (data.complete && scores.weighty(weights)) state.weights = weights;
      if (Object.hasOwn(data.fixes.units, asked.get("unit"))) state.unit = asked.get("unit");
    }
    if (!explorer.sortable(state.table).includes((state.sort ?? "").replace("-", ""))) delete state.sort;
    const picked = parseInt(asked.get(state.table === "problems" ? "problem" : "row"));
    if (state.table === "problems" ? data.problems[picked] : rows.position.includes(picked)) state.picked = picked;
    return state;
  }
  // A step back is to the table or the row before; filters and letters typed are no steps.
  const stepOf = ({ table, picked }) => `${table} ${picked}`;
  let step = "";
  function write(state) {
    const said = new URLSearchParams();
    for (const [name, codes] of Object.entries(state.filters))
      for (const code of codes) said.append(name, facets[name].texts[code]);
    for (const name of PLAIN) if (state[name] && state[name] !== "problems") said.set(name, state[name]);
    if (state.fixed.length) said.set("fixed", state.fixed);
    if (state.unit !== (data.fixes?.unit ?? Object.keys(unit)[0])) said.set("unit", state.unit);
    if (Object.keys(state.weights).length)
      said.set(
        "weights",
        Object.keys(category).map((name) => state.weights[name] ?? 0),
      );
    if (state.picked >= 0) said.set(state.table === "problems" ? "problem" : "row", state.picked);
    history[stepOf(state) === step ? "replaceState" : "pushState"](null, "", `#${said}`);
    step = stepOf(state);
  }

  const BLOCK = 256;
  const unpacked = {}; // texts that are packed together, as in alone.py
  const textOf = (column, row) => rows.columns[column]?.texts[rows.columns[column].codes[row]];
  async function text(name, row) {
    const code = cards[name].codes[row];
    const block = Math.floor(code / BLOCK);
    const said = (await (unpacked[`${name} ${block}`] ??= opened(cards[name].blocks[block]).json()))[code % BLOCK];
    return said.replace(/<!--(\w+)-->/g, (_, column) => node("span", {}, textOf(column, row)).innerHTML);
  }

  let turn = 0;
  async function show() {
    const picked = shown.picked();
    const mine = ++turn;
    shown.place.replaceChildren();
    if (!picked) return;
    const { row } = picked;
    const position = rows.position[row];
    const [words, reasons] = await Promise.all(["words", "reasons"].map((name) => text(name, row)));
    if (mine !== turn) return; // another one was picked meanwhile
    const picture = content.pictures[position];
    if (picture) shown.place.append(markup(picture));
    shown.check({ ...picked, position, words, reasons: reasons + where(row) });
  }

  // Where a check is.
  function where(row) {
    const names = ["submission", "patient", "modality", "scope", "source", "file", "study", "series", "instance"];
    const said = names.flatMap((name) => {
      const text = facets[name] ? facets[name].labels[facets[name].codes[rows.kind[row]]] : textOf(name, row);
      return text ? [" · ", quiet(`${name} `), node("span", { class: "value" }, text)] : [];
    });
    return node("dl", { class: "facts" }, node("dt", {}, "Where"), node("dd", {}, said.slice(1))).outerHTML;
  }

  const host = {
    kernel: false,
    changed: (state) => {
      write(state);
      show();
    },
  };
  const root = board();
  const shown = explorer.render(root, data, host);
  const follow = () => {
    shown.state(read());
    step = stepOf(shown.current);
    show();
  };
  addEventListener("popstate", follow); // a link to another part of this page too
  document.addEventListener("keydown", (event) => {
    if (!root.contains(event.target)) shown.pressed(event);
  });
  follow();
}
