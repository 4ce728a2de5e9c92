// The redaction viewer in the browser: windows, zooms, pans, blinks and compares without asking the kernel.
// The kernel is asked for the pixels of a slice once (message "after", "before") and for what it measured ("measures").

const MODES = [
  ["after", "Released", "1", "The released image"],
  ["before", "Original", "2", "The original image"],
  ["beside", "Side by side", "3", "Original and released image, moved and zoomed together"],
  ["blink", "Blink", "b", "Alternate original and released"],
  ["swipe", "Swipe", "s", "Original left of the line, released right of it"],
  ["difference", "Difference", "d", "Changed pixels (brighter = larger change)"],
];
const DASHES = { pass: "6 4", fail: "", blank: "2 3" };
const HELP = [
  ["drag", "window: across for width, up and down for level"],
  ["shift + drag", "move the image"],
  ["wheel", "other images of the stack, once the image has the focus"],
  ["ctrl + wheel, pinch", "zoom"],
  ["double click", "zoom to a box"],
  ["← → PgUp PgDn Home End", "other images of the stack"],
  ["space", "play the stack, stop"],
  ["+ − 0", "zoom in, out, fit"],
  ["shift + arrows", "move the image"],
  ["[ ] { }", "level down, up; width narrower, wider"],
  ["r i", "window of the file; black and white exchanged"],
  ["1 2 3 b s d", "after, before, side by side, blink, swipe, difference"],
  [", .", "move the swipe line"],
  ["n p", "next, previous box"],
  ["o", "over-redaction on, off"],
];
const CINE = 100; // milliseconds for an image of the stack that is played, or as long as it takes to load
const NOTCH = 60; // points of wheel for one image: a mouse sends about 100 at a time, a touchpad a few
const THUMBNAIL = 72; // points, as wide as in viewer.css
const REMEMBERED = 256 * 2 ** 20; // bytes of pixels kept in the browser
const PATIENCE = 5000; // milliseconds until an answer counts as lost and other things are asked for
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// Pixels ------------------------------------------------------------------------------------------------------------

function decode(message, buffers) {
  if (message.error) return { ...message, bytes: 0 };
  const bytes = copied(buffers[0]);
  const data = message.bits === 16 ? new Uint16Array(bytes.buffer) : bytes;
  const windows = message.windows.map((window) =>
    window.table ? { ...window, table: copied(buffers[window.table]) } : window,
  );
  return { ...message, data, windows, bytes: bytes.length };
}

// The bytes of a buffer alone: it is a view into the whole message, which it would keep.
function copied(view) {
  return new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

// Grey levels for every number a pixel can have: DICOM PS3.3 C.11.2.1, as pixels.shown() does.
function greys(picture, window, exchanged) {
  const size = picture.bits === 16 ? 65536 : 256;
  const levels = new Uint8ClampedArray(size);
  const { scale, offset } = picture;
  const { table } = window;
  if (table) {
    for (let i = 0; i < size; i++)
      levels[i] = table[clamp(Math.round(i * scale + offset) - window.first, 0, table.length - 1)];
  } else if (window.function === "SIGMOID") {
    for (let i = 0; i < size; i++)
      levels[i] = 255 / (1 + Math.exp((-4 * (i * scale + offset - window.center)) / window.width));
  } else {
    const linear = window.function === "LINEAR";
    const width = Math.max(linear ? window.width - 1 : window.width, 1e-6);
    const low = (linear ? window.center - 0.5 : window.center) - width / 2;
    for (let i = 0; i < size; i++) levels[i] = ((i * scale + offset - low) * 255) / width;
  }
  if (Boolean(picture.inverted) !== exchanged) for (let i = 0; i < size; i++) levels[i] = 255 - levels[i];
  return levels;
}

function paint(picture, window, exchanged, canvas) {
  const { rows, columns, data, color } = picture;
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d");
  if (!canvas.image || canvas.image.width !== columns || canvas.image.height !== rows)
    canvas.image = context.createImageData(columns, rows);
  const out = new Uint32Array(canvas.image.data.buffer);
  const levels = greys(picture, window, exchanged);
  if (color) {
    for (let i = 0, j = 0; i < out.length; i++, j += 3)
      out[i] = 0xff000000 | (levels[data[j + 2]] << 16) | (levels[data[j + 1]] << 8) | levels[data[j]];
  } else {
    const words = new Uint32Array(levels.length);
    for (let i = 0; i < levels.length; i++) words[i] = 0xff000000 | (levels[i] * 0x010101);
    for (let i = 0; i < out.length; i++) out[i] = words[data[i]];
  }
  context.putImageData(canvas.image, 0, 0);
}

// What changed, in amber over the released image dimmed; full amber from a fifth of the range on.
function paintDifference(before, after, window, exchanged, canvas) {
  paint(after, window, exchanged, canvas);
  const out = new Uint32Array(canvas.image.data.buffer);
  const span = after.color ? 255 : Math.max(window.width, 1e-6);
  const step = after.color ? 3 : 1;
  const same = before.scale === after.scale && before.offset === after.offset;
  const dim = Uint32Array.from({ length: 256 }, (_, grey) => 0xff000000 | (Math.floor(grey * 0.4) * 0x010101));
  for (let i = 0, j = 0; i < out.length; i++, j += step) {
    let apart = 0;
    for (let c = j; c < j + step; c++) {
      if (same && before.data[c] === after.data[c]) continue;
      apart = Math.max(
        apart,
        Math.abs(before.data[c] * before.scale + before.offset - after.data[c] * after.scale - after.offset),
      );
    }
    const grey = out[i] & 0xff;
    if (apart === 0) {
      out[i] = dim[grey];
      continue;
    }
    const heat = clamp(0.35 + (apart * 3.25) / span, 0.35, 1);
    const low = grey * 0.4;
    out[i] = 0xff000000 | ((low * (1 - heat)) << 16) | ((low + (176 - low) * heat) << 8) | (low + (255 - low) * heat);
  }
  canvas.getContext("2d").putImageData(canvas.image, 0, 0);
}

// Over-redaction: purple with stripes, so that it can be seen without colour too.
function paintMask(bits, rows, columns, canvas) {
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) {
    if (bits[i >> 3] & (128 >> (i & 7)))
      out[i] = ((i % columns) + Math.floor(i / columns)) % 8 < 4 ? 0xe6a779cc : 0x73a779cc;
  }
  context.putImageData(image, 0, 0);
}

// The model of a viewer that has none of its own: what anywidget gives a widget.
function modelOf(state, send) {
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
    set: (name, value) => {
      changed.add(name);
      put(name, value);
    },
    save_changes: () => {
      send({ kind: "state", state: Object.fromEntries([...changed].map((name) => [name, state[name]])) });
      changed.clear();
    },
    send: (content) => send({ kind: "message", content }),
    on: (event, act) => heard.set(event, [...(heard.get(event) ?? []), act]),
    off: (event, act) =>
      heard.set(
        event,
        (heard.get(event) ?? []).filter((other) => other !== act),
      ),
    put: (fresh) => Object.entries(fresh).forEach(([name, value]) => put(name, value)),
    hear: (content, buffers) => fire("msg:custom", content, buffers),
  };
}

// The widget --------------------------------------------------------------------------------------------------------

function viewer({ model, el }) {
  const pictures = new Map(); // "after 3" → decoded, in the order they came
  const measures = new Map(); // slice → boxes with coverage, notes, mask as bits
  const thumbnails = new Map(); // slice → small picture and verdict
  const asked = new Set(); // what was asked for since this slice is shown: nothing is asked for again and again
  const layers = { after: node("canvas"), before: node("canvas"), difference: node("canvas"), mask: node("canvas") };
  const state = {
    zoom: 1,
    x: 0,
    y: 0,
    fitted: true,
    swipe: 0.5,
    phase: "before",
    tool: "window",
    hover: -1,
    under: null,
    inFlight: null,
    preset: 0,
    exchanged: false,
    wheel: 0,
  };
  let blinking = 0;
  let playing = 0;
  let patience = 0;
  let frameAsked = 0;

  // Controls

  // What is read out holds what is seen: a label of words names its button, the title adds to it; a sign has no name.
  const button = (label, title, act, extra = {}) =>
    node(
      "button",
      { type: "button", title, ...(/^\W$/.test(label) ? { "aria-label": title } : {}), onclick: act, ...extra },
      label,
    );
  const modes = Object.fromEntries(
    MODES.map(([name, label, key, title]) => [
      name,
      button(label, `${title} (${key})`, () => setMode(name), { "aria-pressed": "false", "data-mode": name }),
    ]),
  );
  const presets = node("select", {
    "aria-label": "Window",
    title: "Window",
    onchange: () => choosePreset(presets.value),
  });
  const tools = Object.fromEntries(
    [
      ["window", "Window"],
      ["pan", "Move"],
    ].map(([name, label]) => [
      name,
      button(label, `Drag to ${name === "pan" ? "move the image" : "set window and level"}`, () => setTool(name), {
        "aria-pressed": "false",
      }),
    ]),
  );
  const overlay = button(
    "Over-redaction",
    "Mark changes outside every box (o)",
    () => set("overlay", !model.get("overlay")),
    { "aria-pressed": "false", class: "midi-overlay" },
  );
  const exchange = button("Invert", "Black and white exchanged (i)", () => invert(), { "aria-pressed": "false" });
  const help = node(
    "dl",
    { class: "facts midi-help", hidden: "" },
    ...HELP.flatMap(([keys, what]) => [node("dt", {}, keys), node("dd", {}, what)]),
  );
  const helper = button("?", "Keys and mouse (?)", () => toggleHelp(), { "aria-expanded": "false" });
  const group = (label, ...items) => node("div", { class: "joined", role: "group", "aria-label": label }, ...items);
  const toolbar = node(
    "div",
    { class: "midi-toolbar", role: "toolbar", "aria-label": "Viewer" },
    group("Comparison", ...Object.values(modes)),
    group("Drag", ...Object.values(tools)),
    group("Window", presets, exchange),
    group(
      "Zoom",
      button("−", "Zoom out (−)", () => zoomBy(1 / 1.4)),
      button("Fit", "Fit (0)", fit),
      button("1:1", "One pixel per point", () => zoomTo(1)),
      button("+", "Zoom in (+)", () => zoomBy(1.4)),
    ),
    overlay,
    group(
      "Picture",
      button("Save", "Save what is seen as a PNG file", save),
      button("Copy", "Copy what is seen", copy),
    ),
    helper,
  );

  const screen = node("canvas", {
    class: "midi-screen",
    tabindex: "0",
    role: "application",
    "aria-label": "Image",
    "aria-roledescription": "image viewer",
  });
  const marks = svg("svg", { class: "midi-marks", "aria-hidden": "true" });
  const message = node("div", { class: "midi-message", hidden: "" });
  const corner = node("div", { class: "midi-corner", "aria-hidden": "true" });
  const divider = node("div", { class: "midi-divider", hidden: "", "aria-hidden": "true" });
  const tip = node("div", { class: "midi-tip", hidden: "", role: "tooltip" });
  const stage = node("div", { class: "midi-stage" }, screen, marks, divider, corner, message, tip, help);

  const list = node("ol", { class: "midi-boxes", "aria-label": "Boxes" });
  const heading = node("h4", {}, "Boxes");
  const notes = node("ul", { class: "note midi-notes", "aria-label": "Notes", "aria-live": "polite" });
  const title = node("p", { class: "midi-title" });
  const beyond = node("p", { class: "midi-beyond" });
  const side = node("div", { class: "midi-side" }, title, notes, beyond, heading, list);

  const slider = node("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": model.get("unit"),
    oninput: () => go(Number(slider.value)),
  });
  const place = node("output", { class: "midi-place" });
  const player = button("▶", "Play (space)", play, { "aria-pressed": "false" });
  const slides = node("div", { class: "midi-slices" }, player, slider, place);
  const strip = node("div", { class: "midi-strip", role: "group", "aria-label": "Neighbours" });
  const status = node("div", { class: "midi-status", role: "status" });
  const probe = node("div", { class: "midi-probe", "aria-hidden": "true" });
  el.classList.add("midi-page", "midi-viewer");
  el.append(
    toolbar,
    node(
      "div",
      { class: "midi-main" },
      node("div", { class: "midi-left" }, stage, slides, strip, node("div", { class: "midi-foot" }, status, probe)),
      side,
    ),
  );

  // State

  const slice = () => model.get("frame");
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const picture = (which) => pictures.get(`${which} ${slice()}`);
  const shown = (which) => {
    const found = picture(which);
    return found && !found.error ? found : null;
  };
  const fits = () => {
    const [a, b] = [shown("after"), shown("before")];
    return Boolean(a && b && a.rows === b.rows && a.columns === b.columns && a.color === b.color);
  };
  const boxes = () => measures.get(slice())?.boxes ?? picture("after")?.boxes ?? [];
  const possible = (name) =>
    ({ after: true, before: true, beside: Boolean(shown("after") && shown("before")) })[name] ?? fits();
  const mode = () => (possible(model.get("mode")) ? model.get("mode") : "after");
  const base = () => (mode() === "before" ? shown("before") : shown("after")) ?? null;
  const half = () => (mode() === "beside" ? stage.clientWidth / 2 : 0); // where the right one of two images begins
  const width_ = () => stage.clientWidth - half();

  // What one side is seen through. Both share the window, so that only pixels differ; but a table belongs to the
  // values of its own image.
  function window_(which = "after") {
    const byHand = model.get("window");
    if (byHand.length === 2) return { center: byHand[0], width: byHand[1], function: "LINEAR_EXACT" };
    const own = shown("after")?.windows ?? shown("before")?.windows ?? [];
    const chosen = own[state.preset] ?? own[0] ?? { center: 127.5, width: 255, function: "LINEAR_EXACT" };
    return (which === "before" && chosen.table && shown("before")?.windows[0]) || chosen;
  }

  // The kernel

  function wanted() {
    const order = [`after ${slice()}`];
    if (model.get("comparable")) order.push(`before ${slice()}`);
    order.push(`measures ${slice()}`);
    // The neighbours are likely to be as large as this slice; where they do not fit they are asked for when shown.
    const [here, before] = [shown("after")?.bytes ?? 0, shown("before")?.bytes ?? 0];
    if (3 * here + before <= REMEMBERED)
      for (const next of [slice() + 1, slice() - 1])
        if (next >= 0 && next < model.get("count")) order.push(`after ${next}`);
    order.push(...neighbours().map((number) => `thumbnail ${number}`));
    const known = { measures, thumbnail: thumbnails };
    return order.find((key) => {
      const [kind, number] = key.split(" ");
      return !asked.has(key) && !(known[kind]?.has(Number(number)) ?? pictures.has(key));
    });
  }

  function ask() {
    if (state.inFlight) return;
    const key = wanted();
    if (!key) return;
    state.inFlight = key;
    asked.add(key);
    const [kind, number] = key.split(" ");
    model.send({ kind, slice: Number(number) });
    patience = setTimeout(() => {
      state.inFlight = null;
      ask();
    }, PATIENCE);
  }

  function hear(answer, buffers) {
    const key = `${answer.kind} ${answer.slice}`;
    if (answer.kind === "measures") {
      measures.set(answer.slice, { ...answer, mask: buffers.length ? copied(buffers[0]) : null });
      if (measures.size > 64) measures.delete(measures.keys().next().value);
    } else if (answer.kind === "thumbnail") {
      thumbnails.set(answer.slice, answer);
      showStrip();
    } else {
      pictures.set(key, decode(answer, buffers));
      let held = 0;
      for (const one of pictures.values()) held += one.bytes;
      for (const [old, one] of pictures) {
        if (held <= REMEMBERED || old.endsWith(` ${slice()}`)) continue;
        pictures.delete(old);
        held -= one.bytes;
      }
    }
    if (state.inFlight === key) {
      state.inFlight = null;
      clearTimeout(patience);
    }
    if (answer.slice === slice() && answer.kind !== "thumbnail") show();
    ask();
  }

  // Drawing

  const draw = () => {
    if (!frameAsked)
      frameAsked = requestAnimationFrame(() => {
        frameAsked = 0;
        drawNow();
      });
  };

  function painted(which) {
    const found = shown(which === "difference" ? "after" : which);
    const window = window_(which);
    const { center, width, function: curve, name } = window;
    const stamp = [which, slice(), center, width, curve, name, state.exchanged].join(" ");
    const canvas = layers[which];
    if (canvas.stamp !== stamp || canvas.of !== found) {
      if (which === "difference") paintDifference(shown("before"), found, window, state.exchanged, canvas);
      else paint(found, window, state.exchanged, canvas);
      [canvas.stamp, canvas.of] = [stamp, found];
    }
    return canvas;
  }

  function masked(bits, { rows, columns }) {
    const canvas = layers.mask;
    if (canvas.of !== bits) {
      paintMask(bits, rows, columns, canvas);
      canvas.of = bits;
    }
    return canvas;
  }

  function drawNow() {
    const ratio = globalThis.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = stage;
    if (!width) return;
    const image = base();
    stage.classList.toggle("midi-waiting", !image && !picture("after")?.error);
    if (!image && !picture("after")?.error) return; // the last slice stays until the next is there
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (screen.width !== size[0] || screen.height !== size[1]) [screen.width, screen.height] = size;
    const context = screen.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, screen.width, screen.height);
    if (!image) {
      marks.replaceChildren();
      divider.hidden = true;
      corner.textContent = "";
      return;
    }
    if (state.fitted) fitTo(image, width_(), height);
    context.save();
    const view = (from) =>
      context.setTransform(state.zoom * ratio, 0, 0, state.zoom * ratio, (from + state.x) * ratio, state.y * ratio);
    view(0);
    context.imageSmoothingEnabled = state.zoom * ratio < 2;
    context.imageSmoothingQuality = "medium";
    const now = mode();
    const single = { after: "after", before: "before", blink: state.phase, difference: "difference" }[now];
    if (single) context.drawImage(painted(single), 0, 0);
    else if (now === "beside") {
      context.drawImage(painted("before"), 0, 0);
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(half() * ratio, 0, screen.width, screen.height);
      context.beginPath();
      context.rect(half() * ratio, 0, screen.width, screen.height);
      context.clip();
      view(half());
      context.drawImage(painted("after"), 0, 0);
    } else {
      const split = state.swipe * image.columns;
      context.drawImage(painted("after"), 0, 0);
      context.save();
      context.beginPath();
      context.rect(0, 0, split, image.rows);
      context.clip();
      context.drawImage(painted("before"), 0, 0);
      context.restore();
      divider.style.left = `${state.x + split * state.zoom}px`;
    }
    divider.hidden = now !== "swipe" && now !== "beside";
    divider.classList.toggle("midi-fixed", now === "beside");
    if (now === "beside") divider.style.left = `${half()}px`;
    const mask = measures.get(slice())?.mask;
    if (mask && model.get("overlay") && now !== "before" && single !== "before")
      context.drawImage(masked(mask, image), 0, 0);
    context.restore();
    corner.textContent =
      now === "swipe" || now === "beside"
        ? "original | released"
        : now === "after"
          ? ""
          : ({ before: "original", after: "released" }[single] ?? single);
    drawMarks();
    const window = window_();
    const numbers = [window.center.toFixed(2), window.width.toFixed(2), state.zoom.toFixed(3)];
    screen.dataset.shown = [slice(), now, ...numbers, corner.textContent].join(" ");
    screen.dataset.drawn = Number(screen.dataset.drawn ?? 0) + 1;
    probeNow();
  }

  function drawMarks() {
    const places = half() ? [0, half()] : [0];
    marks.replaceChildren(...places.flatMap(marksFrom));
    for (const text of marks.querySelectorAll("text")) {
      const { x, y, width, height } = text.getBBox();
      const color = text.previousSibling.getAttribute("stroke");
      const [plate, bar] = [
        { x: x - 8, width: width + 13, fill: "#000", "fill-opacity": 0.78, rx: 3 },
        { x: x - 8, width: 4, fill: color },
      ];
      for (const part of [plate, bar]) marks.insertBefore(svg("rect", { ...part, y: y - 2, height: height + 4 }), text);
    }
  }

  // The boxes of one image and, at the last place, their labels: of two images side by side the released one has them.
  function marksFrom(from) {
    return boxes().flatMap((box, number) => {
      if (box.outside) return [];
      const [x, y] = [from + state.x + box.x0 * state.zoom, state.y + box.y0 * state.zoom];
      const [width, height] = [(box.x1 - box.x0) * state.zoom, (box.y1 - box.y0) * state.zoom];
      const chosen = number === model.get("selected") || number === state.hover;
      const { sign, colour } = LOOKS[box.verdict];
      const rect = (more) => svg("rect", { x, y, width, height, fill: "none", ...more });
      const halo = rect({ stroke: "#000", "stroke-width": chosen ? 5 : 3.5, "stroke-opacity": 0.65 });
      const line = rect({
        stroke: colour,
        "stroke-width": chosen ? 3 : 1.8,
        "stroke-dasharray": DASHES[box.verdict],
        "data-box": number,
        class: `midi-box midi-${box.verdict}`,
      });
      if (from < half()) return [halo, line];
      const above = { x: Math.max(x, from) + 8, y: y - 7 };
      const beside = { x: x + width + 14, y: Math.max(y, 0) + 14 };
      const below = { x: above.x, y: y + height + 16 };
      const place = y > 22 ? above : x + width + 180 < stage.clientWidth ? beside : below;
      const legible =
        box.legible === null || box.says.endsWith("legible") ? "" : `, ${percent(box.legible, 0)} legible`;
      const text = svg("text", { ...place, class: "midi-label" }, `${number + 1} ${sign} ${box.says}${legible}`);
      return [halo, line, text];
    });
  }

  // What stands around the image

  function show() {
    const after = picture("after");
    const found = measures.get(slice());
    message.hidden = !after?.error;
    message.textContent = after?.error ?? "";
    if (mode() === "before" && picture("before")?.error) {
      message.hidden = false;
      message.textContent = picture("before").error;
    }
    title.textContent = after?.title ?? "";
    const said = [...(found?.notes ?? after?.notes ?? []), ...(found?.error ? [found.error] : [])];
    beyond.textContent =
      found?.comparable && !found.area ? `Nothing changed${boxes().length ? " outside the boxes" : ""}.` : "";
    if (found?.area) {
      const share = (found.share * 100).toFixed(found.share < 0.001 ? 3 : 1);
      const pixels = found.area.toLocaleString("en");
      said.unshift(`${pixels} pixels outside every box changed (${share} % of the image).`);
    }
    notes.replaceChildren(...said.map((text) => node("li", {}, text)));
    notes.hidden = !said.length;
    overlay.hidden = !found?.area;
    overlay.setAttribute("aria-pressed", String(model.get("overlay")));
    for (const [name, face] of Object.entries(modes)) {
      face.hidden = name !== "after" && !model.get("comparable");
      face.disabled = name === "before" ? picture("before")?.error !== undefined && !shown("before") : !possible(name);
      face.setAttribute("aria-pressed", String(mode() === name));
    }
    modes.after.hidden = !model.get("comparable");
    for (const [name, face] of Object.entries(tools)) face.setAttribute("aria-pressed", String(state.tool === name));
    exchange.setAttribute("aria-pressed", String(state.exchanged));
    showBoxes();
    showPresets();
    showStrip();
    slides.hidden = model.get("count") < 2;
    slider.max = model.get("count") - 1;
    slider.value = slice();
    place.textContent = `${slice() + 1} / ${model.get("count")}`;
    const failed = boxes().filter((box) => box.verdict === "fail").length;
    const which = model.get("count") > 1 && `${model.get("unit")} ${slice() + 1} of ${model.get("count")}`;
    const parts = [which, count(boxes().length, "box"), failed && `${failed} still visible`];
    status.textContent = after ? parts.filter(Boolean).join(", ") : "loading …";
    draw();
  }

  // What is known of a box, by its names.
  function factsOf({ expected, actual, coverage, legible }) {
    const [covered, read] = [coverage, legible].map((share) => (share === null ? null : percent(share, 0)));
    const facts = [
      ["expected", expected],
      ["recognised", actual === "" ? "nothing" : actual],
      ["painted over", covered],
      ["legible", read],
    ];
    return facts.filter(([, value]) => value !== null && value !== undefined);
  }

  function showBoxes() {
    const rows = boxes().map((box, number) => {
      const edges = `${box.x0}, ${box.y0} – ${box.x1}, ${box.y1}${box.clipped ? " (clipped)" : ""}`;
      const facts = [...factsOf(box), ["at", box.outside ? "outside the image" : edges]];
      const open = number === model.get("selected");
      const face = button(
        [
          node("span", { class: "midi-mark", "aria-hidden": "true" }, LOOKS[box.verdict].sign),
          node("b", {}, `${number + 1} ${box.says}`),
          node("span", { class: "midi-brief" }, box.legible !== null && `${percent(box.legible, 0)} legible`),
        ],
        `Box ${number + 1}, ${box.says}`,
        () => chooseBox(number, true),
        { "aria-pressed": String(open), class: `midi-${box.verdict}` },
      );
      face.style.setProperty("--verdict", LOOKS[box.verdict].colour);
      return node(
        "li",
        {},
        face,
        node(
          "dl",
          { class: "facts midi-facts", hidden: !open },
          facts.map(([name, value]) => [node("dt", {}, name), node("dd", {}, value === "" ? "nothing" : value)]),
        ),
      );
    });
    heading.textContent = boxes().length ? `Boxes (${boxes().length})` : `No boxes on this ${model.get("unit")}`;
    const focused = [...list.querySelectorAll("button")].indexOf(focusedIn(list));
    list.replaceChildren(...rows);
    if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  }

  // Small pictures of the images around this one, as many as there is room for.

  function neighbours() {
    const room = Math.min(Math.max(1, Math.floor(stage.clientWidth / THUMBNAIL)), model.get("count"));
    const first = clamp(slice() - Math.floor(room / 2), 0, model.get("count") - room);
    const all = Array.from({ length: room }, (_, number) => first + number);
    return room < 2 ? [] : all.sort((a, b) => Math.abs(a - slice()) - Math.abs(b - slice()));
  }

  function showStrip() {
    const all = neighbours().sort((a, b) => a - b);
    strip.hidden = !all.length;
    const focused = strip.contains(focusedIn(strip));
    strip.replaceChildren(
      ...all.map((number) => {
        const { picture: small, verdict } = thumbnails.get(number) ?? {};
        const here = number === slice();
        const worst =
          { fail: ", a box still visible", pass: ", all boxes hidden", blank: ", a box not decided" }[verdict] ?? "";
        const says = `${model.get("unit")} ${number + 1}${worst}`;
        const face = node(
          "button",
          {
            type: "button",
            "aria-label": says,
            title: says,
            tabindex: here ? 0 : -1,
            "aria-current": here && "true",
            onclick: () => go(number),
          },
          small && node("img", { src: `data:image/png;base64,${small}`, alt: "" }),
          verdict && node("span", { class: "midi-mark" }, LOOKS[verdict].sign),
        );
        if (verdict) face.style.setProperty("--verdict", LOOKS[verdict].colour);
        return face;
      }),
    );
    if (focused) strip.querySelector("[aria-current]")?.focus({ preventScroll: true });
  }

  function showPresets() {
    const own = shown("after")?.windows ?? [];
    const byHand = model.get("window");
    const names = own.map((window) => window.name);
    if (!own.length) names.push("full range");
    const custom = byHand.length === 2;
    const chosen = own[state.preset] ? state.preset : 0;
    const isNow = (number) => (custom ? matches(own[number], byHand) : number === chosen);
    presets.replaceChildren(
      ...names.map((name, number) => node("option", { value: number, selected: isNow(number) }, name)),
    );
    if (!custom || own.some((window) => matches(window, byHand))) return;
    presets.append(node("option", { value: "custom", selected: true }, "by hand"));
  }

  // Whether two numbers say all of a window; tables and curves are known by their place among those of the file.
  const linear = (window) => window.function.startsWith("LINEAR");
  const matches = (window, byHand) =>
    Boolean(
      window &&
      linear(window) &&
      Math.abs(exact(window)[0] - byHand[0]) < 1e-6 &&
      Math.abs(exact(window)[1] - byHand[1]) < 1e-6,
    );
  // The same grey levels without the half-pixel terms of DICOM's LINEAR.
  const exact = (window) =>
    window.function === "LINEAR" ? [window.center - 0.5, window.width - 1] : [window.center, window.width];

  function choosePreset(value) {
    if (value === "custom") return;
    const number = Number(value);
    const window = shown("after")?.windows[number];
    set("window", number && window && linear(window) ? exact(window) : []);
    state.preset = model.get("window").length ? 0 : number;
    show();
  }

  // The value under the mouse is read from the image that is shown now: keys change it under a mouse that rests.
  function probeNow() {
    const [image, window] = [base(), window_()];
    const unit = shown("after")?.color
      ? ""
      : `window ${Number(window.center.toPrecision(4))} ± ${Number((window.width / 2).toPrecision(4))} · `;
    probe.textContent = `${valueAt(image, state.under)}${unit}zoom ${Math.round(state.zoom * 100)} %`;
  }
  function valueAt(image, under) {
    if (!image || !under) return "";
    const [x, y] = [Math.floor((under[0] - state.x) / state.zoom), Math.floor((under[1] - state.y) / state.zoom)];
    if (x < 0 || y < 0 || x >= image.columns || y >= image.rows) return "";
    const i = y * image.columns + x;
    const value = image.color
      ? [0, 1, 2].map((c) => image.data[3 * i + c]).join(" ")
      : Number((image.data[i] * image.scale + image.offset).toPrecision(6));
    return `x ${x}, y ${y}: ${value} · `;
  }

  // Zoom and pan

  // As high as asked for, but so that it can be seen at once in a small window and is not mostly black on a phone.
  function setHeight() {
    stage.style.height = `min(${model.get("height")}px, max(280px, 70vh), 125cqi)`;
  }

  function fitTo(image, width, height) {
    state.zoom = Math.min(width / image.columns, height / image.rows);
    state.x = (width - image.columns * state.zoom) / 2;
    state.y = (height - image.rows * state.zoom) / 2;
  }
  function fit() {
    state.fitted = true;
    draw();
  }
  function zoomTo(zoom, x = width_() / 2, y = stage.clientHeight / 2) {
    const next = clamp(zoom, 0.02, 64);
    state.x = x - ((x - state.x) * next) / state.zoom;
    state.y = y - ((y - state.y) * next) / state.zoom;
    state.zoom = next;
    state.fitted = false;
    draw();
  }
  function zoomBy(factor, x, y) {
    zoomTo(state.zoom * factor, x, y);
  }
  function pan(dx, dy) {
    state.x += dx;
    state.y += dy;
    state.fitted = false;
    draw();
  }
  function zoomToBox(box) {
    if (!box || box.outside) return;
    const zoom = Math.min((width_() * 0.6) / (box.x1 - box.x0), (stage.clientHeight * 0.5) / (box.y1 - box.y0), 8);
    state.zoom = Math.max(zoom, 0.05);
    state.x = width_() / 2 - ((box.x0 + box.x1) / 2) * state.zoom;
    state.y = stage.clientHeight / 2 - ((box.y0 + box.y1) / 2) * state.zoom;
    state.fitted = false;
    draw();
  }
  function chooseBox(number, zoom) {
    if (!boxes()[number]) return;
    set("selected", number);
    if (zoom) zoomToBox(boxes()[number]);
  }

  // Slices, modes, tools

  function go(number) {
    const next = clamp(number, 0, model.get("count") - 1);
    if (next !== slice()) {
      state.hover = -1;
      tip.hidden = true;
      model.set("selected", -1);
      set("frame", next);
    }
  }
  function setMode(name) {
    if (!modes[name].disabled && !(modes[name].hidden && name !== "after")) set("mode", name);
  }
  function setTool(name) {
    state.tool = name;
    show();
  }
  function invert() {
    state.exchanged = !state.exchanged;
    show();
  }
  function play() {
    clearInterval(playing);
    const starts = player.getAttribute("aria-pressed") === "false";
    playing = starts
      ? setInterval(() => {
          if (base() || picture("after")?.error) go((slice() + 1) % model.get("count"));
        }, CINE)
      : 0;
    player.setAttribute("aria-pressed", String(starts));
    player.textContent = starts ? "❚❚" : "▶";
    player.title = starts ? "Stop (space)" : "Play (space)";
    player.setAttribute("aria-label", player.title);
  }
  function toggleHelp() {
    help.hidden = !help.hidden;
    helper.setAttribute("aria-expanded", String(!help.hidden));
  }
  function beat() {
    clearInterval(blinking);
    state.phase = "before";
    if (model.get("mode") === "blink")
      blinking = setInterval(() => {
        state.phase = state.phase === "before" ? "after" : "before";
        draw();
      }, 600);
  }
  function adjust(center, width) {
    const [c, w] = exact(window_());
    model.set("window", [c + center * w, Math.max(w * width, 1e-3)]);
    draw();
  }

  // The picture to take along: what is seen, with the boxes and labels. Its name says nothing of the data.

  async function seen() {
    drawNow();
    const picture = node("canvas", { width: screen.width, height: screen.height });
    const context = picture.getContext("2d");
    context.fillStyle = "#0b0d10";
    context.fillRect(0, 0, picture.width, picture.height);
    context.drawImage(screen, 0, 0);
    const drawn = marks.cloneNode(true);
    for (const [name, value] of Object.entries({
      width: picture.width,
      height: picture.height,
      viewBox: `0 0 ${stage.clientWidth} ${stage.clientHeight}`,
    }))
      drawn.setAttribute(name, value);
    const plain = { "font-family": "system-ui, sans-serif", "font-size": 12, "font-weight": 600, fill: "#fff" };
    for (const text of drawn.querySelectorAll("text"))
      for (const [name, value] of Object.entries(plain)) text.setAttribute(name, value);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawn))}`;
    await image.decode();
    context.drawImage(image, 0, 0);
    return new Promise((done) => picture.toBlob(done, "image/png"));
  }
  async function save() {
    const address = URL.createObjectURL(await seen());
    node("a", { href: address, download: `${model.get("unit")}-${slice() + 1}-${mode()}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
  async function copy() {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": seen() })]);
      status.textContent = "Picture copied.";
    } catch {
      status.textContent = "This browser does not let a page copy pictures: use Save.";
    }
  }

  // Mouse, pen and fingers

  const inImage = (event) => {
    const box = screen.getBoundingClientRect();
    let [sx, sy] = [event.clientX - box.left, event.clientY - box.top];
    if (half() && sx > half()) sx -= half();
    return [(sx - state.x) / state.zoom, (sy - state.y) / state.zoom, sx, sy];
  };
  const boxAt = (x, y) => {
    const near = 3 / state.zoom;
    return boxes().findIndex(
      (box) => !box.outside && x >= box.x0 - near && x <= box.x1 + near && y >= box.y0 - near && y <= box.y1 + near,
    );
  };

  let drag = null;
  const fingers = new Map(); // pointer → where it is; two of them zoom and move the image
  const pinch = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1 };
  };
  screen.addEventListener("pointerdown", (event) => {
    const [x, , sx, sy] = inImage(event);
    fingers.set(event.pointerId, [sx, sy]);
    const image = base();
    screen.focus({ preventScroll: true });
    if (!image) return;
    screen.setPointerCapture(event.pointerId);
    const onLine = mode() === "swipe" && Math.abs(sx - (state.x + state.swipe * image.columns * state.zoom)) < 12;
    const moves =
      event.shiftKey || event.button === 1 || event.button === 2
        ? state.tool !== "pan" || event.button !== 0
        : state.tool === "pan";
    drag = { x: event.clientX, y: event.clientY, kind: onLine ? "swipe" : moves ? "pan" : "window", moved: false };
    if (onLine) state.swipe = clamp(x / image.columns, 0, 1);
    if (fingers.size > 1) drag.kind = "pinch";
    event.preventDefault();
  });
  screen.addEventListener("pointermove", (event) => {
    const [x, y, sx, sy] = inImage(event);
    const image = base();
    if (!image) return;
    if (drag?.kind === "pinch" && fingers.size === 2) {
      const was = pinch();
      fingers.set(event.pointerId, [sx, sy]);
      const now = pinch();
      pan(now.x - was.x, now.y - was.y);
      zoomBy(now.apart / was.apart, now.x, now.y);
      drag.moved = true;
      return;
    }
    if (drag) {
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.moved && Math.hypot(dx, dy) < 3) return;
      drag.moved = true;
      [drag.x, drag.y] = [event.clientX, event.clientY];
      tip.hidden = true;
      if (drag.kind === "swipe") {
        state.swipe = clamp(x / image.columns, 0, 1);
        draw();
      } else if (drag.kind === "pan") pan(dx, dy);
      else if (drag.kind === "window") adjust(dy / 300, Math.exp(dx / 250));
      return;
    }
    screen.style.cursor =
      mode() === "swipe" && Math.abs(sx - (state.x + state.swipe * image.columns * state.zoom)) < 12
        ? "ew-resize"
        : boxAt(x, y) >= 0
          ? "pointer"
          : state.tool === "pan"
            ? "grab"
            : "crosshair";
    hover(boxAt(x, y), sx, sy);
    state.under = [sx, sy];
    probeNow();
  });
  screen.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId);
    if (!drag || fingers.size) return;
    const [x, y] = inImage(event);
    if (drag.moved && drag.kind === "window") {
      model.save_changes();
      show();
    } else if (!drag.moved) {
      const number = boxAt(x, y);
      if (number !== model.get("selected")) set("selected", number);
    }
    drag = null;
  });
  screen.addEventListener("pointercancel", () => {
    fingers.clear();
    drag = null;
  });
  screen.addEventListener("pointerleave", () => {
    if (!drag) {
      hover(-1);
      state.under = null;
      draw();
    }
  });
  screen.addEventListener("contextmenu", (event) => event.preventDefault());
  screen.addEventListener("dblclick", (event) => {
    const [x, y] = inImage(event);
    const number = boxAt(x, y);
    if (number >= 0) chooseBox(number, true);
    else fit();
  });
  // The page keeps its wheel until the image is clicked on.
  screen.addEventListener(
    "wheel",
    (event) => {
      if (focusedIn(screen) !== screen && !event.ctrlKey) return;
      event.preventDefault();
      const [, , sx, sy] = inImage(event);
      if (!event.ctrlKey && model.get("count") > 1) {
        state.wheel += event.deltaY;
        const steps = Math.trunc(state.wheel / NOTCH);
        state.wheel -= steps * NOTCH;
        if (steps) go(slice() + Math.sign(steps));
        return;
      }
      zoomBy(Math.exp(-clamp(event.deltaY, -240, 240) / 400), sx, sy);
    },
    { passive: false },
  );

  function hover(number, sx, sy) {
    if (number !== state.hover) {
      state.hover = number;
      drawMarks();
    }
    tip.hidden = number < 0;
    if (number < 0) return;
    const box = boxes()[number];
    const lines = factsOf(box).map(([name, value]) => node("div", {}, node("span", {}, `${name} `), value));
    tip.replaceChildren(node("div", {}, `${LOOKS[box.verdict].sign} box ${number + 1}, ${box.says}`), ...lines);
    tip.style.left = `${Math.min(sx + 14, stage.clientWidth - tip.offsetWidth - 6)}px`;
    tip.style.top = `${Math.min(sy + 16, stage.clientHeight - tip.offsetHeight - 6)}px`;
  }

  // Keys

  const KEYS = {
    ArrowLeft: () => go(slice() - 1),
    ArrowUp: () => go(slice() - 1),
    ArrowRight: () => go(slice() + 1),
    ArrowDown: () => go(slice() + 1),
    PageUp: () => go(slice() - 10),
    PageDown: () => go(slice() + 10),
    Home: () => go(0),
    End: () => go(model.get("count") - 1),
    "+": () => zoomBy(1.25),
    "=": () => zoomBy(1.25),
    "-": () => zoomBy(0.8),
    0: fit,
    1: () => setMode("after"),
    2: () => setMode("before"),
    3: () => setMode("beside"),
    " ": () => {
      if (model.get("count") > 1) play();
    },
    i: invert,
    b: () => setMode("blink"),
    s: () => setMode("swipe"),
    d: () => setMode("difference"),
    o: () => set("overlay", !model.get("overlay")),
    r: () => choosePreset(0),
    "?": toggleHelp,
    "[": () => {
      adjust(-0.05, 1);
      model.save_changes();
    },
    "]": () => {
      adjust(0.05, 1);
      model.save_changes();
    },
    "{": () => {
      adjust(0, 0.9);
      model.save_changes();
    },
    "}": () => {
      adjust(0, 1.1);
      model.save_changes();
    },
    ",": () => {
      state.swipe = clamp(state.swipe - 0.02, 0, 1);
      draw();
    },
    ".": () => {
      state.swipe = clamp(state.swipe + 0.02, 0, 1);
      draw();
    },
    n: () => step(1),
    p: () => step(-1),
    Escape: () => {
      if (!help.hidden) toggleHelp();
      else set("selected", -1);
    },
  };
  const PANS = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  function step(by) {
    const count = boxes().length;
    if (count)
      chooseBox((model.get("selected") + by + (model.get("selected") < 0 && by < 0 ? 1 : 0) + count) % count, true);
  }
  screen.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    const act = event.shiftKey && PANS[event.key] ? () => pan(...PANS[event.key]) : KEYS[event.key];
    if (!act) return;
    act();
    keepFromPage(event);
  });

  // Life

  const heard = {
    "msg:custom": hear,
    "change:frame": () => {
      asked.clear();
      show();
      ask();
    },
    "change:mode": () => {
      beat();
      show();
    },
    "change:window": () => {
      state.preset = 0;
      if (!drag) show();
      else draw();
    },
    "change:overlay": show,
    "change:selected": show,
    "change:height": () => {
      setHeight();
      draw();
    },
    "change:comparable": show,
  };
  const leave = listen(model, heard);
  setHeight();
  const sizes = new ResizeObserver(() => {
    draw();
    showStrip();
    ask();
  });
  sizes.observe(stage);
  beat();
  show();
  ask();
  return () => {
    clearInterval(blinking);
    clearInterval(playing);
    clearTimeout(patience);
    cancelAnimationFrame(frameAsked);
    sizes.disconnect();
    leave();
  };
}
