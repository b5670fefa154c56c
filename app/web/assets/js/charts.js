// Charts: <div class="chart" data-fig="/figure.json">. Plotly is large, so it is fetched when the first chart comes into view.
import { all, on, onContent } from './page.js';

const source = document.currentScript ?? document.querySelector('script[src*="app."]');
const nonce = source?.nonce;
let library;

const load = () =>
  (library ??= new Promise((done, failed) => {
    // Plotly adds an empty <style> unless it finds its own; ours carries the nonce that the policy asks for.
    const style = Object.assign(document.createElement('style'), { id: 'plotly.js-style-global', nonce });
    const script = Object.assign(document.createElement('script'), { nonce, onload: done, onerror: failed });
    script.src = document.querySelector('[data-plotly]').dataset.plotly;
    document.head.append(style, script);
  }));

// Plotly wants plain colours; the palette is in oklch, so the browser is asked to paint one and say what came out.
const painter = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const colour = (element, name) => {
  const probe = document.createElement('i');
  probe.hidden = true;
  probe.className = `tone-${name}`;
  element.append(probe);
  painter.clearRect(0, 0, 1, 1);
  painter.fillStyle = getComputedStyle(probe).color;
  painter.fillRect(0, 0, 1, 1);
  probe.remove();
  const [red, green, blue] = painter.getImageData(0, 0, 1, 1).data;
  return `rgb(${red},${green},${blue})`;
};

const draw = async (element) => {
  try {
    element.figure ??= await (await fetch(element.dataset.fig, { headers: { Accept: 'application/json' } })).json();
    await load();
  } catch {
    element.textContent = 'The chart could not be loaded.';
    return;
  }
  const { data, layout = {} } = structuredClone(element.figure);
  const tone = (name) => colour(element.parentElement, name);
  const series = ['green', 'brass', 'blue', 'red'].map(tone);
  const text = tone('text');
  const axis = { zeroline: false, fixedrange: true, automargin: true, ticklen: 0, tickfont: { size: 11 } };
  for (const trace of data) if (trace.type === 'bar') trace.marker = { cornerradius: 3, ...trace.marker };
  const settings = {
    colorway: series,
    bargap: 0.55,
    bargroupgap: 0.12,
    barcornerradius: 3,
    hovermode: 'x unified',
    ...layout,
    font: { family: 'Inter, system-ui, sans-serif', size: 12, color: text },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    margin: { l: 44, r: 12, t: 12, b: 30 },
    xaxis: { ...axis, showgrid: false, nticks: 6, ...layout.xaxis },
    yaxis: { ...axis, gridcolor: tone('rule'), nticks: 4, ...layout.yaxis },
    hoverlabel: { bgcolor: tone('surface'), bordercolor: tone('rule'), font: { color: text } },
    legend: { orientation: 'h', y: -0.22, yanchor: 'top', x: 0, ...layout.legend }, // (below: where it takes several lines, it covers nothing)
  };
  await window.Plotly.react(element, data, settings, { displayModeBar: false, responsive: true });
};

const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    draw(target);
  }
});
onContent(() => {
  for (const element of all('.chart[data-fig]:not([data-seen])')) {
    element.dataset.seen = '';
    watcher.observe(element);
  }
});
on('theme', () => all('.chart[data-fig]').filter((element) => element.figure).forEach(draw));
