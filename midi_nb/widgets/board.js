// A widget of this package: one model, one module. A viewer and a header (headers.js) are one by itself; a board is the
// deck or the explorer (explorer.js), and a place where the kernel puts a viewer (viewer.js). All of a board travels as
// messages, none of it is widget state:
//
//   kernel → browser   { kind: "page", html }                      what the deck shows
//                      { kind: "data", data, state }               what the explorer filters (with buffers)
//                      { kind: "explorer", state, view, turn }     its state, and after which of whose messages
//                      { kind: "rows", total, rows?, weights?, … } what the browser does not hold (with buffers)
//                      { kind: "check", picked, example, … }       what the card says
//                      { kind: "header", data }                    two headers, or null; { picked }: a line of them
//                      { kind: "mount", viewer, state }            a viewer in the board's place; viewer null: none
//                      { kind: "state", viewer, state }            what changed in it
//                      { kind: "message", viewer, content }        a message to it (with buffers)
//   browser → kernel   { kind: "ready" }                           a new view: send it all
//                      { kind: "act", act, of, value }             what was done on the deck
//                      { kind: "explorer", state, view, turn }     what changed in the state of the explorer
//                      { kind: "state" | "message", viewer, … }    as above, from the viewer
//
// A viewer is a number, so that what is still under way from the last one is not taken for the next one's.

// The place of a viewer, and what the kernel says to it.
function placeOf(place, send, mounted) {
  let shown = null; // { viewer, model, leave }
  const mount = ({ viewer: number, state }) => {
    if (shown?.viewer === number) return shown.model.put(state);
    leave();
    if (number === null) return;
    const model = modelOf(state, (message) => send({ viewer: number, ...message }));
    const room = placeIn(place);
    shown = { viewer: number, model, leave: viewer({ model, el: room }) };
    mounted(room);
  };
  const leave = () => {
    shown?.leave();
    shown = null;
    place.replaceChildren();
  };
  const hear = (message, buffers) => {
    if (message.kind === "mount") mount(message);
    else if (message.viewer !== shown?.viewer) return;
    else if (message.kind === "state") shown?.model.put(message.state);
    else shown?.model.hear(message.content, buffers);
  };
  return { hear, leave };
}

// A button that moves between press and release gets no click, so messages wait while one is pressed.
function unhurried(model, el, hear) {
  let waiting = null;
  const receive = (...message) => (waiting ? waiting.push(message) : hear(...message));
  const press = ({ target }) => {
    if (target.closest("button, summary, tr[data-act]")) waiting ??= [];
  };
  const release = () => {
    if (!waiting) return;
    setTimeout(() => {
      // the click comes first
      const missed = waiting ?? [];
      waiting = null;
      missed.forEach((message) => hear(...message));
    });
  };
  const released = ["pointerup", "pointercancel", "blur"];
  el.addEventListener("pointerdown", press);
  for (const event of released) addEventListener(event, release, true);
  const leave = listen(model, { "msg:custom": receive });
  return () => {
    leave();
    el.removeEventListener("pointerdown", press);
    for (const event of released) removeEventListener(event, release, true);
  };
}

// The deck shows the HTML that the kernel sends, and says what is done there. `data-keys` of its card are keys for all.
function deck({ model, el }) {
  const root = node("div", { class: "midi-page", role: "region", "aria-label": "Review of burned-in text" });
  const place = node("div", { class: "midi-place-of-viewer" });
  const card = () => root.querySelector("[data-keys]");
  el.append(node("div", { class: "midi-parts midi-deck" }, root, place));
  let acted = 0; // when something was last done: an image that comes soon after is brought into view

  const act = (name, of = "", value = null) => {
    acted = Date.now();
    model.send({ kind: "act", act: name, of, value });
  };
  const show = ({ html }) => {
    const focused = root.contains(focusedIn(root)) ? focusedIn(root) : null;
    const id = focused?.dataset.id;
    patch(root, markup(html));
    if (!focused || focusedIn(root) === focused) return;
    const again = root.contains(focused) ? focused : id && root.querySelector(`[data-id="${CSS.escape(id)}"]`);
    (again || card())?.focus({ preventScroll: true });
  };
  root.addEventListener("click", ({ target }) => {
    if (!target.closest(FOCUSABLE)) card()?.focus({ preventScroll: true });
    const element = target.closest("button[data-act]");
    if (element && !element.disabled) act(element.dataset.act, element.dataset.of);
  });
  const slide = calmly(({ dataset, value }) => act(dataset.act, "", value), 40);
  root.addEventListener("input", ({ target }) => slide(target));
  root.addEventListener("keydown", (event) => {
    if (hasModifier(event) || event.target.matches("input")) return;
    const acts = Object.fromEntries((card()?.dataset.keys ?? "").split(" ").map((pair) => pair.split("=")));
    const name = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name) return;
    act(name);
    keepFromPage(event);
  });
  const seen = placeOf(
    place,
    (message) => model.send(message),
    (room) => {
      if (Date.now() - acted < PROMPT) room.scrollIntoView({ block: "nearest" });
    },
  );
  const leave = unhurried(model, el, (message, buffers) =>
    (message.kind === "page" ? show : seen.hear)(message, buffers),
  );
  model.send({ kind: "ready" });
  return () => {
    seen.leave();
    leave();
  };
}

function exploring({ model, el }) {
  const view = crypto.randomUUID?.() ?? String(Math.random());
  let turn = 0;
  let answered = 0;
  let board = null;
  let seen = null;
  // Until the kernel has answered the last change made here, what it says may be out of date.
  const ahead = () => answered < turn;
  const changed = (_, state) => model.send({ kind: "explorer", state, view, turn: ++turn });
  const host = { kernel: true, changed };
  const begin = ({ data, state }, buffers) => {
    if (board) return;
    board = explorer.render(placeIn(el), explorer.unpacked(data, buffers), host, state);
    seen = placeOf(
      board.place,
      (message) => model.send(message),
      () => board.reveal(),
    );
  };
  const leave = unhurried(model, el, (message, buffers) => {
    const { kind } = message;
    if (kind === "data") begin(message, buffers);
    else if (!board) return;
    else if (kind === "explorer") {
      if (message.view === view) answered = message.turn;
      if (!ahead()) board.state(message.state);
    } else if (kind === "rows") ahead() || board.rows(explorer.unpacked(message, buffers));
    else if (kind === "check") board.check(message);
    else if (kind === "header") board.header(message);
    else if (kind === "lines") board.lines(message.lines);
    else if (kind === "fixes") board.fixes(explorer.unpacked(message.units, buffers));
    else seen.hear(message, buffers);
  });
  model.send({ kind: "ready" });
  return () => {
    seen?.leave();
    leave();
  };
}

// A tour: when it is at its end, the explorer below it.
function touring({ model, el }) {
  const root = placeIn(el);
  const below = placeIn(el);
  below.tabIndex = -1;
  let shown = null;
  let leave = null;
  let ends = 0;
  const opened = (step) => {
    if (step < ends || leave) return;
    below.classList.add("midi-board");
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
  const follow = () => {
    shown?.state(model.get("step"));
    opened(model.get("step"));
  };
  const deaf = listen(model, { "msg:custom": hear, "change:step": follow });
  model.send({ kind: "tour" });
  return () => {
    deaf();
    leave?.();
  };
}

// A part that is drawn from one message of the kernel, and whose state are traits: `follow` says that they changed.
function traited({ model, el }, kind, names, begin) {
  let shown = null;
  let own = false; // a change made here needs no drawing again
  const changed = (fresh) => {
    own = true;
    for (const [name, value] of Object.entries(fresh)) model.set(name, value);
    model.save_changes();
    own = false;
  };
  const follow = () => {
    if (!own) shown?.follow();
  };
  const hear = (message, buffers) => {
    if (message.kind === kind) shown ??= begin(placeIn(el), message.data, changed, buffers);
  };
  const follows = names.map((name) => [`change:${name}`, follow]);
  const leave = listen(model, { "msg:custom": hear, ...Object.fromEntries(follows) });
  model.send({ kind: "ready" });
  return leave;
}

// Problems to tick: the explorer shows them, and what is ticked are traits.
function fixing(given) {
  const { model } = given;
  const plain = ["unit", "weights", "page"];
  return traited(given, "data", ["submission", "fixed", ...plain], (root, packed, changed, buffers) => {
    const data = explorer.unpacked(packed, buffers);
    const { texts } = data.facets.submission;
    const traits = () => Object.fromEntries(plain.map((name) => [name, model.get(name)]));
    const state = () => {
      const submission = model.get("submission");
      const place = (name) => data.problems.findIndex((one) => one.problem === name && one.submission === submission);
      return {
        ...traits(),
        filters: { submission: [texts.indexOf(submission)] },
        fixed: model.get("fixed").map(place),
      };
    };
    const set = ({ filters, fixed, unit, weights, page }) =>
      changed({
        submission: texts[filters.submission[0]], // first: what is fixed are problems of it
        fixed: fixed.map((number) => data.problems[number].problem),
        unit,
        weights,
        page,
      });
    const board = explorer.render(root, data, { kernel: true, changed: set }, state());
    return { follow: () => board.state({ ...board.current, ...state() }) };
  });
}

function heading(given) {
  const names = ["show", "search", "picked"];
  return traited(given, "header", names, (root, data, changed) => {
    const state = () => Object.fromEntries(names.map((name) => [name, given.model.get(name)]));
    const shown = headers.render(root, data, state(), changed);
    shown.reveal();
    return { follow: () => shown.state(state()) };
  });
}

// With the kernel's first message the widget is alive: it hides the picture for readers without a kernel, and comes
// into view, as Run All in JupyterLab leaves the last cell at the lower edge of the window and its output below.
function alive(model, el) {
  const style = document.createElement("style");
  const picture = `[data-picture="${model.get("picture")}"]`;
  style.textContent = `${picture}, .jp-OutputArea-child:has(${picture}) { display: none !important; }`;
  const begin = () => {
    deaf();
    document.head.append(style);
    requestAnimationFrame(() => {
      const active = el.closest(".jp-Cell.jp-mod-active");
      if (active && el.getBoundingClientRect().top > innerHeight / 2) el.scrollIntoView({ block: "start" });
    });
  };
  const deaf = listen(model, { "msg:custom": begin });
  return () => {
    deaf();
    style.remove();
  };
}

function render({ model, el }) {
  const kind = { explorer: exploring, deck, header: heading, "what-if": fixing, tour: touring }[model.get("name")];
  el.classList.add("midi-board");
  const leave = [(kind ?? viewer)({ model, el }), alive(model, el)];
  return () => leave.forEach((act) => act());
}

export { count, explorer, percent, points, scores };
export default { render };
