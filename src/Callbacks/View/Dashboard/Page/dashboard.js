'use strict';

const SECONDS = 900, SPAN_MIN = 30, SILENCE_MS = 5_000, RETRY_MS = 1_000;
const byId = id => document.getElementById(id);
const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// ---- Numbers -------------------------------------------------------------------------------------------------------------------
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const tenth = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const count = n => n >= 1e6 ? short.format(n) : whole.format(n);
const rate = n => n === 0 ? '0' : n < 100 ? tenth.format(n) : count(n);
const seconds = s => s === 0 ? '0' : s >= 100 ? `${whole.format(s)} s` : s >= 1 ? `${+s.toPrecision(3)} s` : s >= 1e-3 ? `${+(s * 1e3).toPrecision(3)} ms` : `${whole.format(s * 1e6)} µs`;
const bytes = b => b === 0 ? '0' : b >= 2 ** 30 ? `${tenth.format(b / 2 ** 30)} GiB` : b >= 2 ** 20 ? `${whole.format(b / 2 ** 20)} MiB` : `${whole.format(b / 2 ** 10)} KiB`;
const clock = (time, second = '2-digit') => time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second, hourCycle: 'h23' });
const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

// ---- Plots ---------------------------------------------------------------------------------------------------------------------
const percentiles = field => [50, 95, 99].map((p, i) => ({ name: `p${p}`, read: row => row[field]?.[`p${p}`] ?? null, dash: [[], [7, 4], [2, 3]][i] }));
const PLOTS = [
  { name: 'Rates by stage, per second', wide: true, format: rate, series: [
    { name: 'ids received', read: row => row.rates.sightings }, { name: 'lookups', read: row => row.rates.lookups, dash: [7, 4] },
    { name: 'rows stored', read: row => row.rates.rows_stored, dash: [2, 3] }, { name: 'rows expired', read: row => row.rates.rows_deleted, dash: [10, 3, 2, 3] }] },
  { name: 'From receiving to stored', format: seconds, series: percentiles('receive_to_stored') },
  { name: 'Lookup latency', format: seconds, series: percentiles('lookup') },
  { name: 'Journal flush time', format: seconds, series: percentiles('flush') },
  { name: 'Journal size', format: bytes, power: 2, series: [{ name: 'on disk', read: row => row.journal_bytes }] },
];
const rows = [];
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const line = (stroke, dash) => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  for (const [key, value] of Object.entries({ d: 'M0 4H20', 'stroke-width': 2.5, stroke, 'stroke-dasharray': (dash ?? []).join(' ') })) path.setAttribute(key, value);
  svg.append(path);
  return svg;
};

class Plot {
  constructor(spec, parent) {
    this.spec = spec;
    this.values = spec.series.map(() => make('b', { textContent: '–' }));
    this.keys = spec.series.map((series, i) => make('span', { className: 'key' }, series.name + ' ', this.values[i]));
    this.area = make('div', { className: 'plot', tabIndex: 0, role: 'img' });
    this.area.addEventListener('keydown', event => this.move(event));
    this.figure = make('figure', { className: spec.wide ? 'wide' : '' }, make('figcaption', {}, make('h3', { textContent: spec.name }), ...this.keys), this.area);
    parent.append(this.figure);
    this.draw();
    new ResizeObserver(() => this.chart.setSize(this.size())).observe(this.area);
  }

  size() { return { width: Math.max(200, this.area.clientWidth), height: this.spec.wide ? 240 : 190 }; }

  // Also when the colours change: uPlot draws on a canvas, which knows no style sheet.
  draw() {
    this.chart?.destroy();
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1, size: 5 }, font: '12px system-ui, sans-serif' };
    const strokes = this.spec.series.map((_, i) => colour(`--series-${i + 1}`));
    this.keys.forEach((key, i) => { key.querySelector('svg')?.remove(); key.prepend(line(strokes[i], this.spec.series[i].dash)); });
    this.chart = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'time' } },
      // A service that has just begun shows what there is.
      scales: { x: { range: (_, min, max) => max === null ? [0, SPAN_MIN] : [Math.min(max - SPAN_MIN, Math.max(min, max - SECONDS)), max] }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] } },
      axes: [
        { ...axis, size: 30, space: 70, incrs: [5, 10, 15, 30, 60, 120, 180, 300, 600], values: (_, splits, __, ___, step) => splits.map(at => clock(new Date(at * 1e3), step < 60 ? '2-digit' : undefined)) },
        { ...axis, size: 66, values: (_, splits) => splits.map(this.spec.format), ...(this.spec.power ? { incrs: Array.from({ length: 40 }, (_, i) => 2 ** (i + 12)) } : {}) }],
      series: [{}, ...this.spec.series.map((series, i) => ({
        label: series.name, stroke: strokes[i], width: 2, dash: series.dash, points: { show: false }, ...(this.spec.series.length === 1 ? { fill: strokes[i] + '22' } : {}) }))],
      hooks: { setCursor: [() => this.showValues()] },
    }, this.data(), this.area);
    this.showValues();
  }

  data() { return [rows.map(row => row.at), ...this.spec.series.map(series => rows.map(series.read))]; }

  update() {
    this.chart.setData(this.data());
    this.showValues();
  }

  /** Those under the cursor, else the newest. */
  showValues() {
    const row = rows[this.chart?.cursor.idx ?? rows.length - 1] ?? rows.at(-1);
    if (!row) return;
    const texts = this.spec.series.map(series => { const value = series.read(row); return value === null ? 'none' : this.spec.format(value); });
    texts.forEach((text, i) => say(this.values[i], text));
    this.area.setAttribute('aria-label', `${this.spec.name}, plotted over the last 15 minutes. At ${clock(new Date(row.at * 1e3))}: `
      + texts.map((text, i) => `${this.spec.series[i].name} ${text}`).join(', ') + '.');
  }

  move(event) {
    const last = rows.length - 1, now = this.chart.cursor.idx ?? last;
    const next = { ArrowLeft: now - 5, ArrowRight: now + 5, Home: 0, End: last }[event.key];
    if (event.key === 'Escape') this.chart.setCursor({ left: -10, top: -10 });
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.chart.setCursor({ left: this.chart.valToPos(rows[Math.min(last, Math.max(0, next))].at, 'x'), top: 0 });
  }
}

// ---- What is wrong -------------------------------------------------------------------------------------------------------------
const STATES = { ok: ['ok', 'All is well'], degraded: ['warn', 'Degraded'], recovering: ['warn', 'Recovering'], refusing: ['bad', 'Refusing callbacks'] };

// Whoever has nothing to store does not notice; the sweep always does.
const postgresqlError = ({ postgresql, sweep }) => postgresql.state === 'up' ? sweep.error : postgresql.error;

function showTrouble(status, lostSince) {
  const box = byId('trouble');
  let level = 'warn', title = 'Something needs a look', reasons = status?.reasons ?? [], calm = '';
  if (lostSince) {
    [level, title, reasons] = ['bad', 'No connection to the service', [`The last figures are of ${clock(lostSince)}. Trying again every second.`]];
    calm = 'What was acknowledged is on disk, and goes on when the service does.';
  } else if (status.state === 'refusing') {
    [level, title] = ['bad', 'Callbacks are refused'];
    calm = `Senders are answered 503 and know it. Nothing that was acknowledged is lost: ${plural(status.balance.pending, 'sighting')} pending, on disk.`;
  } else {
    const isStoreAway = postgresqlError(status), upstream = status.lookup.state;
    if (isStoreAway || upstream !== 'up') {
      title = upstream === 'up' ? 'PostgreSQL is away' : !isStoreAway ? `The upstream is ${upstream}`
        : upstream === 'away' ? 'PostgreSQL and the upstream are away' : `PostgreSQL is away, and the upstream is ${upstream}`;
      calm = `Nothing is lost: callbacks are accepted, ${plural(status.balance.pending, 'sighting')} pending on disk. `
        + `What is older than ${status.sweep.retention_seconds} s would have been deleted by then, and expires.`;
    } else if (status.state === 'recovering') {
      title = 'The journal of the last run is being read';
      calm = 'Callbacks are accepted meanwhile.';
    }
  }
  box.hidden = reasons.length === 0;
  const text = JSON.stringify([level, title, reasons, calm]);
  // Only when it changes, for a screen reader reads it out.
  if (box.hidden || box.dataset.text === text) return;
  box.dataset.text = text;
  box.dataset.level = level;
  box.replaceChildren(make('h2', { textContent: title }), make('ul', {}, ...reasons.map(reason => make('li', { textContent: reason }))),
    ...(calm ? [make('p', { className: 'calm', textContent: calm })] : []));
}

// ---- Figures -------------------------------------------------------------------------------------------------------------------
function showPart(id, level, word, note) {
  const part = byId(id);
  part.dataset.level = level;
  say(part.querySelector('.word'), word);
  say(part.querySelector('.note'), note);
}

function showFigures({ status, online, version }) {
  const { rates_per_second: rates, balance, lookup, journal, postgresql, sweep } = status;
  const [level, word] = STATES[status.state] ?? ['warn', status.state];
  byId('state').dataset.level = level;
  say(byId('state'), word);
  document.title = status.state === 'ok' ? 'Callbacks' : `(!) ${word} – Callbacks`;
  say(byId('callbacks'), rate(rates.callbacks));
  say(byId('callbacks-note'), `${count(status.callbacks.acknowledged)} since the start`);
  say(byId('ids'), rate(rates.sightings));
  say(byId('ids-note'), `${count(balance.acknowledged)} since the start`);
  say(byId('pending'), count(balance.pending));
  say(byId('pending-note'), status.oldest_pending_age_seconds === null ? balance.pending === 0 ? 'everything is settled' : 'of earlier lives' : `oldest ${tenth.format(status.oldest_pending_age_seconds)} s ago`);
  say(byId('in-flight'), count(lookup.in_flight));
  say(byId('limit'), `of ${count(lookup.in_flight_limit)}`);
  byId('in-flight-meter').value = lookup.in_flight / Math.max(1, lookup.in_flight_limit);
  say(byId('in-flight-note'), `${rate(rates.lookups)} lookups per second` + (lookup.in_flight_limit < lookup.in_flight_max ? `, limit lowered from ${count(lookup.in_flight_max)}` : ''));
  say(byId('stored'), rate(rates.rows_stored));
  say(byId('stored-note'), `${count(postgresql.rows_stored)} since the start`);
  say(byId('online'), online === null ? '?' : count(online));
  say(byId('online-note'), online === null ? 'PostgreSQL does not say' : `named in the last ${sweep.retention_seconds} s`);
  say(byId('expired'), rate(rates.rows_deleted));
  say(byId('expired-note'), rates.expired > 0 ? `and ${rate(rates.expired)} sightings per second, never stored` : `${plural(balance.expired, 'sighting')} expired unstored`);
  const kinds = Object.entries(lookup.failures).filter(([, n]) => n > 0);
  say(byId('errors'), count(kinds.reduce((sum, [, n]) => sum + n, 0)));
  const list = byId('error-kinds'), text = JSON.stringify(kinds);
  if (list.dataset.text !== text) {
    list.dataset.text = text;
    list.replaceChildren(...(kinds.length > 0 ? kinds : [['none', '']]).map(([kind, n]) => make('li', {}, `${kind} `, make('b', { textContent: n === '' ? '' : count(n) }))));
  }
  showPart('journal', { up: 'ok', recovering: 'warn', damaged: 'bad', refusing: 'bad' }[journal.state] ?? 'warn',
    { up: 'Writing', recovering: 'Reading the past', damaged: 'Damaged', refusing: 'Refusing' }[journal.state] ?? journal.state,
    `${bytes(journal.bytes)} in ${plural(journal.segments, 'segment')}, ${journal.spare_segments} spare` + (journal.damage.length ? `, ${plural(journal.damage.length, 'damaged place')}` : ''));
  const error = postgresqlError(status);
  showPart('postgresql', error ? 'bad' : 'ok', error ? 'Away' : 'Taking rows', error ?? `since ${clock(new Date(postgresql.since))}`);
  showPart('upstream', lookup.state === 'up' ? 'ok' : 'bad', { up: 'Answering', silent: 'Silent', away: 'Away' }[lookup.state] ?? lookup.state,
    { silent: `no usable answer for ${tenth.format(lookup.silent_seconds)} s`, away: 'only probes go out, ten a second' }[lookup.state]
      ?? `${count(lookup.answers)} answers, ${plural(lookup.ids.total, 'id')} in the window`);
  say(byId('version'), `Callbacks ${version}`);
}

// ---- Events --------------------------------------------------------------------------------------------------------------------
let plots = [], source, watchdog, lastEvent = new Date(), lastStatus;

function connect() {
  source = new EventSource('/dashboard/events');
  let isFirst = true;
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (isFirst) rows.length = 0;
    isFirst = false;
    rows.push(...event.rows);
    rows.splice(0, rows.length - SECONDS);
    lastEvent = new Date();
    lastStatus = event.status;
    byId('figures').classList.remove('stale');
    showLive('ok', `Live ${clock(new Date(event.now))}`);
    showFigures(event);
    showTrouble(event.status);
    if (event.rows.length > 0) plots.forEach(plot => plot.update());
    expectMore();
  };
  source.onerror = lose;
  expectMore();
}

// A machine that is gone says nothing at all.
function expectMore() {
  clearTimeout(watchdog);
  watchdog = setTimeout(lose, SILENCE_MS);
}

function lose() {
  source.close();
  clearTimeout(watchdog);
  byId('figures').classList.add('stale');
  byId('state').dataset.level = 'wait';
  say(byId('state'), 'Unknown');
  showLive('bad', 'Reconnecting');
  showTrouble(lastStatus, lastEvent);
  setTimeout(connect, RETRY_MS);
}

function showLive(level, text) {
  byId('live').dataset.level = level;
  say(byId('live-text'), text);
}

// ---- Search --------------------------------------------------------------------------------------------------------------------
let search = 0;

async function find(id, turn) {
  const box = byId('found');
  let result;
  try {
    // A page of one: unlike asking for the object itself, an object that isn't there is no failed request. BigInt, for ids have 64 bits.
    const after = id > -(2n ** 63n) ? `after=${id - 1n}&` : '';
    const response = await fetch(`/objects?${after}limit=1`);
    const text = await response.text();
    if (turn !== search) return;
    const row = response.ok && text.match(/"id":(-?\d+)/)?.[1] === `${id}` ? JSON.parse(text).objects[0] : null;
    result = row ? describe(id, row) : [make('p', { textContent: response.ok
      ? `There is no row with id ${id}: it is not online, or was not named lately.` : JSON.parse(text).detail })];
  } catch {
    if (turn !== search) return;
    result = [make('p', { textContent: 'The service does not answer.' })];
  }
  const close = make('button', { type: 'button', textContent: 'Close' });
  close.addEventListener('click', () => { search++; box.hidden = true; byId('id').focus(); });
  const hadFocus = box.contains(document.activeElement);
  box.replaceChildren(...result, close);
  box.hidden = false;
  if (hadFocus) close.focus();
}

function describe(id, row) {
  const pairs = [['Id', `${id}`], ['State', row.online ? 'online' : 'offline'], ['Last seen (UTC)', row.last_seen.replace('T', ' ').replace('Z', '')],
    ['When asked, that was', `${tenth.format(Math.max(0, (Date.now() - new Date(row.last_seen)) / 1e3))} s ago`]];
  return [make('dl', {}, ...pairs.map(([name, value]) => make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: value }))))];
}

byId('search').addEventListener('submit', event => {
  event.preventDefault();
  const text = byId('id').value.trim(), box = byId('found'), turn = ++search;
  const id = /^-?\d{1,19}$/.test(text) ? BigInt(text) : null;
  if (id === null || BigInt.asIntN(64, id) !== id) {
    box.replaceChildren(make('p', { textContent: 'An id is a whole number of 64 bits.' }));
    box.hidden = false;
    return;
  }
  find(id, turn);
});
document.addEventListener('keydown', event => {
  if (event.key === '/' && !(event.target instanceof HTMLInputElement)) { event.preventDefault(); byId('id').focus(); }
});

plots = PLOTS.map(spec => new Plot(spec, document.querySelector('.plots')));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plots.forEach(plot => plot.draw()));
connect();
