// A widget of this package: one model, one module. A viewer and a header (headers.js) are one by itself; a board is pages of HTML (page.js), or the
// explorer (explorer.js), and a place where the kernel puts a viewer (viewer.js). All of a board travels as messages, none
// of it is widget state:
//
//   kernel → browser   { kind: "page", page, html, refused? }      what a page shows
//                      { kind: "data", data }                      what the explorer filters (with buffers)
//                      { kind: "explorer", state, view, turn }     its state, and after which of whose messages
//                      { kind: "rows", total, rows?, weights?, … } what the browser does not hold (with buffers)
//                      { kind: "check", picked, example, … }       what the card says
//                      { kind: "header", data }                    two headers, or null; { picked }: a line of them
//                      { kind: "mount", viewer, state }            a viewer in the board's place; viewer null: none
//                      { kind: "state", viewer, state }            what changed in it
//                      { kind: "message", viewer, content }        a message to it (with buffers)
//   browser → kernel   { kind: "ready" }                           a new view: send it all
//                      { kind: "act", act, of, value }             what was done on a page
//                      { kind: "explorer", state, view, turn }     the state of the explorer
//                      { kind: "state" | "message", viewer, … }    as above, from the viewer
//
// A viewer is a number, so that what is still under way from the last one is not taken for the next one's.

// The model of a viewer in a board: what anywidget gives a widget of its own.
function part(state, send) {
  const heard = new Map();
  const changed = new Set();
  const fire = (event, ...given) => [...(heard.get(event) ?? [])].forEach((act) => act(...given));
  const put = (name, value) => {
    if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
    state[name] = value;
    fire(`change:${name}`);
  };
  return {
    get: (name) => state[name],
    set: (name, value) => { changed.add(name); put(name, value); },
    save_changes: () => { send({ kind: "state", state: Object.fromEntries([...changed].map((name) => [name, state[name]])) }); changed.clear(); },
    send: (content) => send({ kind: "message", content }),
    on: (event, act) => heard.set(event, [...(heard.get(event) ?? []), act]),
    off: (event, act) => heard.set(event, (heard.get(event) ?? []).filter((other) => other !== act)),
    put: (fresh) => Object.entries(fresh).forEach(([name, value]) => put(name, value)),
    hear: (content, buffers) => fire("msg:custom", content, buffers),
  };
}

// The place of a viewer, and what the kernel says to it.
function placeOf(place, send, mounted) {
  let shown = null; // { viewer, model, leave }
  const mount = ({ viewer: number, state }) => {
    if (shown?.viewer === number) return shown.model.put(state);
    leave();
    if (number === null) return;
    const inner = part(state, (message) => send({ viewer: number, ...message }));
    const room = document.createElement("div");
    place.append(room);
    shown = { viewer: number, model: inner, leave: viewer({ model: inner, el: room }) };
    mounted(room);
  };
  const leave = () => {
    shown?.leave();
    shown = null;
    place.replaceChildren();
  };
  const hear = (message, buffers) => {
    if (message.kind === "mount") mount(message);
    else if (shown && message.viewer === shown.viewer) message.kind === "state" ? shown.model.put(message.state) : shown.model.hear(message.content, buffers);
  };
  return { hear, leave };
}

// A button that moves between press and release gets no click, so messages wait while one is pressed.
function unhurried(model, el, hear) {
  let waiting = null;
  const receive = (...message) => (waiting ? waiting.push(message) : hear(...message));
  const press = ({ target }) => { if (target.closest("button, summary, tr[data-act]")) waiting ??= []; };
  const release = () => {
    if (!waiting) return;
    setTimeout(() => { // the click comes first
      const missed = waiting ?? [];
      waiting = null;
      missed.forEach((message) => hear(...message));
    });
  };
  const released = ["pointerup", "pointercancel", "blur"];
  el.addEventListener("pointerdown", press);
  for (const event of released) addEventListener(event, release, true);
  model.on("msg:custom", receive);
  return () => {
    model.off("msg:custom", receive);
    el.removeEventListener("pointerdown", press);
    for (const event of released) removeEventListener(event, release, true);
  };
}

function board({ model, el }) {
  const parts = document.createElement("div");
  parts.className = `midi-parts midi-${model.get("name")}`;
  const send = (message) => model.send(message);
  let acted = 0; // when something was last done on a page: an image that comes soon after is brought into view
  const act = (done) => { acted = Date.now(); send({ kind: "act", ...done }); };
  const pages = Object.fromEntries(model.get("pages").map(([name, label]) => [name, page(name, label, act)]));
  const place = document.createElement("div");
  place.className = "midi-place-of-viewer";
  parts.append(...Object.values(pages).map((one) => one.root), place);
  el.classList.add("midi-board");
  el.append(parts);
  const seen = placeOf(place, send, (room) => { if (Date.now() - acted < PROMPT) room.scrollIntoView({ block: "nearest" }); });
  const leave = unhurried(model, el, (message, buffers) => (message.kind === "page" ? pages[message.page]?.show(message) : seen.hear(message, buffers)));
  send({ kind: "ready" });
  return () => { seen.leave(); leave(); };
}

function exploring({ model, el }) {
  el.classList.add("midi-board");
  const view = crypto.randomUUID?.() ?? String(Math.random());
  let turn = 0, board = null, seen = null;
  const send = (message) => model.send(message);
  const host = { kernel: true, changed: (state) => send({ kind: "explorer", state, view, turn: ++turn }) };
  const begin = ({ data }, buffers) => {
    if (board) return;
    const root = document.createElement("div");
    el.append(root);
    board = explorer.render(root, explorer.unpacked(data, buffers), host);
    seen = placeOf(board.place, send, () => board.reveal());
  };
  const leave = unhurried(model, el, (message, buffers) => {
    const { kind } = message, mine = message.view === view;
    if (kind === "data") begin(message, buffers);
    else if (!board) return;
    else if (kind === "explorer") mine || board.state(message.state);
    else if (kind === "rows") (mine && message.turn !== turn) || board.rows(explorer.unpacked(message, buffers));
    else if (kind === "check") board.check(message);
    else if (kind === "header") board.header(message);
    else if (kind === "lines") board.lines(message.lines);
    else if (kind === "fixes") board.fixes(explorer.unpacked(message.units, buffers));
    else seen.hear(message, buffers);
  });
  send({ kind: "ready" });
  return () => { seen?.leave(); leave(); };
}

// A tour: when it is at its end, the explorer below it.
function touring({ model, el }) {
  el.classList.add("midi-board");
  const root = document.createElement("div"), below = document.createElement("div");
  below.tabIndex = -1;
  el.append(root, below);
  let shown = null, leave = null, ends = 0;
  const opened = (step) => {
    if (step < ends || leave) return;
    leave = exploring({ model, el: below });
    below.focus({ preventScroll: true });
    below.scrollIntoView({ block: "start" });
  };
  const moved = (step) => {
    model.set("step", step);
    model.save_changes();
    opened(step);
  };
  const hear = ({ kind, data }) => {
    if (kind !== "tour" || shown) return;
    ends = data.steps.length;
    shown = tour.render(root, data, model.get("step"), { moved, open: true });
    if (model.get("step") >= ends) opened(model.get("step"));
  };
  const follow = () => { shown?.state(model.get("step")); opened(model.get("step")); };
  model.on("msg:custom", hear);
  model.on("change:step", follow);
  model.send({ kind: "tour" });
  return () => {
    model.off("msg:custom", hear);
    model.off("change:step", follow);
    leave?.();
  };
}

// Problems to tick: the explorer shows them, and what is ticked are traits.
function fixing({ model, el }) {
  el.classList.add("midi-board");
  let board = null, data = null;
  const plain = ["unit", "weights", "page"], names = ["submission", "fixed", ...plain];
  const place = (name) => data.problems.findIndex((one) => one.problem === name && one.submission === model.get("submission"));
  const state = () => ({
    filters: { submission: [data.facets.submission.texts.indexOf(model.get("submission"))] }, fixed: model.get("fixed").map(place),
    ...Object.fromEntries(plain.map((name) => [name, model.get(name)])),
  });
  const changed = ({ filters, fixed, ...more }) => {
    model.set("submission", data.facets.submission.texts[filters.submission[0]]); // first: what is fixed are problems of it
    model.set("fixed", fixed.map((number) => data.problems[number].problem));
    for (const name of plain) model.set(name, more[name]);
    model.save_changes();
  };
  let own = false; // a change made here needs no drawing again
  const host = { kernel: true, changed: (fresh) => { own = true; changed(fresh); own = false; } };
  const follow = () => { if (!own && board) board.state({ ...board.current, ...state() }); };
  const hear = ({ kind, data: packed }, buffers) => {
    if (kind !== "data" || board) return;
    const root = document.createElement("div");
    el.append(root);
    data = explorer.unpacked(packed, buffers);
    board = explorer.render(root, data, host, state());
  };
  model.on("msg:custom", hear);
  for (const name of names) model.on(`change:${name}`, follow);
  model.send({ kind: "ready" });
  return () => {
    model.off("msg:custom", hear);
    for (const name of names) model.off(`change:${name}`, follow);
  };
}

function heading({ model, el }) {
  el.classList.add("midi-board");
  let shown = null;
  const state = () => Object.fromEntries(["show", "search", "picked"].map((name) => [name, model.get(name)]));
  const changed = (fresh) => {
    Object.entries(fresh).forEach(([name, value]) => model.set(name, value));
    model.save_changes();
  };
  const hear = ({ kind, data }) => {
    if (kind !== "header" || shown) return;
    const root = document.createElement("div");
    el.append(root);
    shown = headers.render(root, data, state(), changed);
    shown.reveal();
  };
  const follow = () => shown?.state(state());
  model.on("msg:custom", hear);
  for (const name of ["show", "search", "picked"]) model.on(`change:${name}`, follow);
  model.send({ kind: "ready" });
  return () => {
    model.off("msg:custom", hear);
    for (const name of ["show", "search", "picked"]) model.off(`change:${name}`, follow);
  };
}

// With the kernel's first message the widget is alive: it hides the picture for readers without a kernel, and comes into
// view, as Run All in JupyterLab leaves the last cell at the lower edge of the window and its output below.
function alive(model, el) {
  const style = document.createElement("style");
  const picture = `[data-picture="${model.get("picture")}"]`;
  style.textContent = `${picture}, .jp-OutputArea-child:has(${picture}) { display: none !important; }`;
  const begin = () => {
    model.off("msg:custom", begin);
    document.head.append(style);
    requestAnimationFrame(() => {
      const active = el.closest(".jp-Cell.jp-mod-active");
      if (active && el.getBoundingClientRect().top > innerHeight / 2) el.scrollIntoView({ block: "start" });
    });
  };
  model.on("msg:custom", begin);
  return () => {
    model.off("msg:custom", begin);
    style.remove();
  };
}

function render({ model, el }) {
  const kind = { explorer: exploring, header: heading, "what-if": fixing, tour: touring }[model.get("name")] ?? (model.get("pages") ? board : viewer);
  const leave = [kind({ model, el }), alive(model, el)];
  return () => leave.forEach((act) => act());
}

export { explorer, scores };
export default { render };
