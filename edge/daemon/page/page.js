// The page: shows what comes over the WebSocket, and asks for what is clicked or typed.
const $ = (id) => document.getElementById(id);
const EVENTS_SHOWN = 60;
const COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00"];  // those of the picture
let state = null, socket = null, wait = 500, drawn = 0, since = performance.now(), shown = 0;
let decoding = false, held = {}, refused = "", newest = 0, begin;
let asked = new Promise((resolve) => { begin = resolve; });  // until the first state has come

// -- what comes ---------------------------------------------------------------------------------

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/api/live?picture=1`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { wait = 500; refused = ""; newest = 0; say("live", true); sayWants(); };
  socket.onmessage = ({ data }) => typeof data === "string" ? take(JSON.parse(data)) : show(data);
  socket.onclose = async () => {
    say("lost: connecting again…", false);
    if (!await mayAsk()) return;
    setTimeout(connect, wait);
    wait = Math.min(4000, 1.6 * wait);
  };
}

function sayWants() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ picture: !document.hidden, trace: $("trace-details").open }));
}

function take(line) {
  if (line.type === "frame" && !muted()) showPeople(line.people);
  else if (line.type === "event") showEvent(line);
  else if (line.type === "state") showState(line);
}

async function show(data) {
  if (decoding) return;  // this one is late already; the next will do
  decoding = true;
  try {
    const bitmap = await createImageBitmap(new Blob([data.slice(4)], { type: "image/jpeg" }));
    if (muted()) return;
    const canvas = $("picture");
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    drawn += 1;
  } finally { decoding = false; }
}

// -- people and events --------------------------------------------------------------------------

function showPeople(people) {
  const now = performance.now();
  if (now - shown < 100) return;  // cards that change thirty times a second can't be read
  shown = now;
  const list = $("people");
  $("count").textContent = people.length;
  $("nobody").hidden = people.length > 0;
  const cards = new Map([...list.children].map((card) => [card.dataset.id, card]));
  for (const person of people) {
    const id = String(person.id);
    const card = cards.get(id) ?? list.appendChild(newCard(id));
    cards.delete(id);
    fill(card.lastChild, words(person));
  }
  for (const card of cards.values()) card.remove();
}

function forget() {
  const canvas = $("picture");
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  shown = 0;
  showPeople([]);
}

function newCard(id) {
  const card = document.createElement("li");
  card.dataset.id = id;
  card.style.borderColor = COLOURS[(id - 1) % COLOURS.length];
  const name = document.createElement("b");
  name.textContent = `person ${id}`;
  card.append(name, document.createElement("span"));
  return card;
}

function words(person) {
  const { face, hands = [] } = person;
  const said = [];
  if (person.speaking >= 0.5) said.push(["speaks", true]);
  if (person.attention >= 0.5) said.push(["attends", true]);
  if (person.voice) said.push([person.voice]);
  for (const hand of hands) if (hand.gesture && hand.gesture !== "none") said.push([plain(hand.gesture), true]);
  for (const expression of face?.expressions ?? []) said.push([plain(expression)]);
  if (face?.distance_m) said.push([`${face.distance_m.toFixed(1)} m`]);
  if (!face && !person.body) said.push(["a hand"]);
  return said;
}

function fill(place, badges) {
  const text = JSON.stringify(badges);
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  place.replaceChildren(...badges.map(([word, on]) => {
    const badge = document.createElement("span");
    badge.className = on ? "badge on" : "badge";
    badge.textContent = word;
    return badge;
  }));
}

function showEvent(event) {
  const row = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  const who = event.person ? `person ${event.person}` : event.voice ?? "";
  const what = event.text ?? event.reason ?? plain(event.name ?? "");
  row.dataset.kind = event.kind;
  row.append(time, [plain(event.kind), who, event.state ?? "", what].filter(Boolean).join(" · "));
  $("events").prepend(row);
  while ($("events").children.length > EVENTS_SHOWN) $("events").lastChild.remove();
}

const muted = () => state?.engine.mute.camera;  // what is still under way then isn't shown
const plain = (name) => name.replaceAll("_", " ");

// -- how all is doing ---------------------------------------------------------------------------

function showState(now) {
  if (now.server.serial <= newest) return;  // it was under way as a newer one came as an answer
  newest = now.server.serial;
  state = now;
  begin();
  const { engine, server } = state;
  notice(refused || server.config_error || engine.error || (muted() ? "The camera is muted." : ""));
  if (muted()) forget();
  for (const name of ["camera", "microphone"]) {
    press($(`mute-${name}`), engine.mute[name]);
  }
  for (const button of document.querySelectorAll("[data-view]")) {
    press(button, engine.view[button.dataset.view]);
    if (button.dataset.view === "framing") button.disabled = !engine.can_frame;
  }
  for (const button of document.querySelectorAll("[data-background]")) {
    press(button, engine.view.background === button.dataset.background);
    button.disabled = !engine.can_replace;
  }
  showBudget(engine);
  showHealth(engine, server);
  if ($("trace-details").open) drawTrace(engine.trace);
}

function showBudget({ budget, latency_ms, power_w, power_source, plan }) {
  dial("latency", budget.latency_ms, "ms");
  dial("power", budget.power_w, "W");
  $("latency-meter").value = latency_ms?.p95 ?? 0;
  $("latency-now").textContent = latency_ms ? `now ${latency_ms.p50.toFixed(0)} ms, one in twenty over ${latency_ms.p95.toFixed(0)}` : "–";
  $("power-meter").value = power_w;
  $("power-now").textContent = power_source ? `now ${power_w.toFixed(1)} W (${power_source})` : "–";
  const given = Object.entries(plan);
  $("full").hidden = given.length > 0;
  $("plan").replaceChildren(...given.map(([name, level]) => {
    const row = document.createElement("li");
    row.append(name, Object.assign(document.createElement("span"), { textContent: level }));
    return row;
  }));
}

function dial(name, value, unit) {
  const input = $(name);
  if (held[name]) return;  // somebody is turning it
  input.value = value ?? input.max;
  $(`${name}-set`).textContent = value == null ? "any" : `${value} ${unit}`;
}

const setting = (input, unit) => Number(input.value) >= Number(input.max) ? "any" : `${input.value} ${unit}`;

function showHealth(engine, server) {
  const rows = [];
  for (const [name, stream] of Object.entries(engine.streams)) {
    const device = stream.device.split("/").pop();
    const about = stream.state === "muted" ? "" : stream.reason || device;
    rows.push([name, [stream.state, about].filter(Boolean).join(": "), ["lost", "stuck"].includes(stream.state)]);
  }
  rows.push(["graph", engine.running ? `${engine.graph}, ${engine.fps} a second` : "not running", !engine.running]);
  rows.push(["picture here", `${pictureRate()} a second`]);
  rows.push(["processor", `${engine.cpu.toFixed(2)} cores, ${engine.memory_mb.toFixed(0)} MB`]);
  if (engine.temperature_c != null) rows.push(["temperature", `${engine.temperature_c.toFixed(0)} °C`]);
  const dropped = Object.entries(engine.dropped).map(([why, n]) => `${n} ${why}`).join(", ");
  rows.push(["frames left out", dropped || "none"]);
  rows.push(["clients", `${server.clients}`]);
  if (server.restarts) rows.push(["engine", `started again ${server.restarts} times`, true]);
  if (server.restart_for.length) rows.push(["next start", server.restart_for.join(", ")]);
  if ("connected" in server.broker) rows.push(["broker", server.broker.connected ? "connected" : "away", !server.broker.connected]);
  $("health").replaceChildren(...rows.flatMap(([name, text, bad]) => {
    const term = Object.assign(document.createElement("dt"), { textContent: name });
    return [term, Object.assign(document.createElement("dd"), { textContent: text, className: bad ? "bad" : "" })];
  }));
}

function pictureRate() {
  const now = performance.now(), rate = 1000 * drawn / Math.max(1, now - since);
  drawn = 0;
  since = now;
  return rate.toFixed(0);
}

function drawTrace(spans) {
  const canvas = $("trace"), pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (!spans.length) return;
  const names = [...new Set(spans.map(([name]) => name))], left = 110;
  const end = Math.max(...spans.map(([, begin, took]) => begin + took)), begin = end - 1e6;
  const row = Math.min(22, canvas.height / names.length);
  pen.font = "12px system-ui";
  pen.textBaseline = "middle";
  names.forEach((name, i) => {
    pen.fillStyle = "#9fb0c0";
    pen.fillText(name, 4, (i + 0.5) * row);
  });
  for (const [name, at, took] of spans) {
    const i = names.indexOf(name);
    const x = left + (at - begin) / 1e6 * (canvas.width - left);
    if (x < left) continue;
    pen.fillStyle = COLOURS[i % COLOURS.length];
    pen.fillRect(x, i * row + 2, Math.max(1, took / 1e6 * (canvas.width - left)), row - 4);
  }
}

function say(text, isLive) {
  $("status").textContent = text;
  $("status").className = isLive ? "live" : "lost";
}

function notice(text) {
  $("notice").hidden = !text;
  if ($("notice").textContent !== text) $("notice").textContent = text;
}

const press = (button, on) => button.setAttribute("aria-pressed", String(on));

// -- what is asked ------------------------------------------------------------------------------

// In turn: each change starts from the state that the one before has left.
function ask(path, body) {
  asked = asked.then(async () => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(path, { method: "PUT", headers, body: JSON.stringify(body(state.engine)) });
    const found = await answer.json();
    refused = answer.ok ? "" : found.error;
    if (answer.ok) showState(found);
    else notice(refused);
  }).catch(() => notice(refused = "That wasn't done: the device doesn't answer."));
}

function setBudget() {
  const value = (input) => Number(input.value) >= Number(input.max) ? null : Number(input.value);
  const budget = { latency_ms: value($("latency")), power_w: value($("power")) };
  ask("/api/budget", () => budget);
}

async function mayAsk() {
  try {
    const answer = await fetch("/api/state");
    const locked = answer.status === 401 || answer.status === 403 || answer.status === 429;
    $("login").hidden = !locked;
    $("main").hidden = locked;
    if (locked) $("token").focus();
    return !locked;
  } catch { return true; }  // it isn't there at all: try again
}

$("login").onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch("/login", { method: "POST", body: JSON.stringify({ token: $("token").value }) });
  $("login-error").textContent = answer.ok ? "" : (await answer.json()).error;
  if (answer.ok && await mayAsk()) connect();
};

for (const name of ["camera", "microphone"]) {
  $(`mute-${name}`).onclick = () => ask("/api/mute", ({ mute }) => ({ ...mute, [name]: !mute[name] }));
}
for (const button of document.querySelectorAll("[data-view]")) {
  const { view } = button.dataset;
  button.onclick = () => ask("/api/view", ({ view: now }) => ({ ...now, [view]: !now[view] }));
}
for (const button of document.querySelectorAll("[data-background]")) {
  const { background } = button.dataset;
  button.onclick = () => ask("/api/view", ({ view: now }) => ({ ...now, background: now.background === background ? "keep" : background }));
}
for (const [name, unit] of [["latency", "ms"], ["power", "W"]]) {
  const input = $(name);
  input.oninput = () => {
    clearTimeout(held[name]);
    held[name] = setTimeout(() => { held[name] = 0; }, 1500);
    $(`${name}-set`).textContent = setting(input, unit);
  };
  input.onchange = setBudget;
}
$("trace-details").ontoggle = sayWants;
document.onvisibilitychange = sayWants;
document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT" && event.target.type === "password") return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (target && !target.disabled && !$("main").hidden) target.click();
};
for (const target of document.querySelectorAll("[data-key]")) {  // the key, underlined in its name
  const { key } = target.dataset, text = target.textContent, i = text.toLowerCase().indexOf(key);
  const mark = Object.assign(document.createElement("u"), { textContent: text[i] });
  target.replaceChildren(text.slice(0, i), mark, text.slice(i + 1));
  target.setAttribute("aria-keyshortcuts", key);
}
if (await mayAsk()) connect();
