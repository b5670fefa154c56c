// Writes our own drawings: static/art.svg (the mark and the pictures of empty pages), static/favicon.svg, css/guilloche.svg.
// The fine woven lines are the ones banknotes carry: a wave bent round a circle, drawn again and again a little turned.
import fs from 'node:fs';

const round = (number) => Math.round(number * 10) / 10;

// One closed wave of `lobes` lobes as a smooth path: each sample is a quadratic's control point, each middle its end.
function wave(radius, depth, lobes, samples) {
  const points = Array.from({ length: samples }, (_, i) => {
    const angle = (2 * Math.PI * i) / samples;
    const reach = radius + depth * Math.cos(lobes * angle);
    return [reach * Math.cos(angle), reach * Math.sin(angle)];
  });
  const middle = ([ax, ay], [bx, by]) => `${round((ax + bx) / 2)} ${round((ay + by) / 2)}`;
  const curve = points.map((point, i) => `Q${round(point[0])} ${round(point[1])} ${middle(point, points[(i + 1) % samples])}`);
  return `M${middle(points.at(-1), points[0])}${curve.join('')}Z`;
}

function band(id, radius, depth, lobes, copies) {
  const turn = 360 / lobes / copies;
  const uses = Array.from({ length: copies }, (_, i) => `<use href="#${id}" transform="rotate(${round(turn * i * 10) / 10})"/>`);
  return `<defs><path id="${id}" d="${wave(radius, depth, lobes, lobes * 8)}"/></defs>${uses.join('')}`;
}

const guilloche = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-200 -200 400 400" fill="none" stroke="#fff" stroke-width=".6" stroke-opacity=".2">${
  band('a', 148, 44, 12, 7)}${band('b', 84, 34, 9, 7)}${band('c', 34, 20, 6, 6)}</svg>\n`;
fs.writeFileSync('css/guilloche.svg', guilloche);

const mark = `<rect width="32" height="32" rx="9" fill="#0e6b4d"/><path d="M11 8v16M11 8h5.4a3.9 3.9 0 0 1 0 7.8H11M11 15.8h6.6a4.1 4.1 0 0 1 0 8.2H11" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/><circle cx="24.6" cy="8.4" r="2.6" fill="#e2b955"/>`;
fs.writeFileSync('../static/favicon.svg', `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${mark}</svg>\n`);

// Behind every picture: twelve turned ellipses. Colours come from the page through custom properties.
const rose = Array.from({ length: 12 }, (_, i) => `<ellipse cx="100" cy="70" rx="66" ry="27" transform="rotate(${i * 15} 100 70)"/>`).join('');
const ground = `<g fill="none" stroke="var(--art-line)" stroke-width=".75">${rose}</g>`;
const pen = (colour, width) => `stroke="var(--art-${colour})" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"`;
const line = (width = 2, colour = 'ink') => `fill="none" ${pen(colour, width)}`;
const paper = `fill="var(--art-paper)" ${pen('ink', 2)}`;
const brass = `fill="var(--art-brass)" ${pen('ink', 2)}`;
const coin = (x, y, r = 13) => `<circle cx="${x}" cy="${y}" r="${r}" ${brass}/><path d="M${x - 4} ${y + 5}v-10l8 10v-10M${x - 7} ${y - 1.5}h14M${x - 7} ${y + 1.8}h14" ${line(1.5)}/>`;

const pictures = {
  tray: `<path d="M58 74 70 42h60l12 32v26a6 6 0 0 1-6 6H64a6 6 0 0 1-6-6z" ${paper}/><path d="M58 74h26c0 9 7 15 16 15s16-6 16-15h26" ${line()}/><path d="m88 56 9 9 16-18" ${line(4, 'brass')}/>`,
  ledger: `<path d="M100 46c-10-8-26-9-42-6v60c16-3 32-2 42 6 10-8 26-9 42-6V40c-16-3-32-2-42 6z" ${paper}/><path d="M100 46v60M68 55c8-1 15 0 22 3M68 68c8-1 15 0 22 3M68 81c8-1 15 0 22 3M132 55c-8-1-15 0-22 3M132 68c-8-1-15 0-22 3" ${line(1.5)}/><path d="M122 37v26l6-5 6 5V38" ${brass}/>`,
  coins: `<rect x="56" y="50" width="88" height="54" rx="9" ${paper}/><path d="M56 66h88" ${line()}/><rect x="120" y="74" width="32" height="17" rx="8.5" ${paper}/><circle cx="130" cy="82.5" r="2.5" fill="var(--art-ink)"/>${coin(86, 36)}`,
  shield: `<path d="M100 34c12 9 25 13 39 13 2 30-11 52-39 62-28-10-41-32-39-62 14 0 27-4 39-13z" ${paper}/><circle cx="100" cy="66" r="8" ${brass}/><path d="M100 74v14" ${line(4)}/>`,
  search: `<rect x="60" y="38" width="62" height="70" rx="7" ${paper}/><path d="M72 54h38M72 66h24M72 78h18" ${line(1.5)}/><circle cx="122" cy="82" r="18" fill="var(--art-paper)" ${pen('ink', 2)}/><path d="m135 95 14 14" ${line(5)}/><path d="M114 82a8 8 0 0 1 8-8" ${line(3, 'brass')}/>`,
  receipt: `<path d="M70 34h60v74l-10-7-10 7-10-7-10 7-10-7-10 7z" ${paper}/><path d="M82 50h36M82 62h36M82 74h18" ${line(1.5)}/>${coin(128, 84)}`,
  signal: `<rect x="62" y="46" width="76" height="52" rx="7" ${paper}/><path d="M86 108h28M100 98v10" ${line()}/><path d="M72 74h14l6-14 12 26 7-12h17" ${line(3.5, 'brass')}/>`,
};
const symbols = Object.entries(pictures).map(([name, shapes]) => `<symbol id="${name}" viewBox="0 0 200 140">${ground}${shapes}</symbol>`);
symbols.unshift(`<symbol id="mark" viewBox="0 0 32 32">${mark}</symbol>`);
fs.writeFileSync('../static/art.svg', `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`);
console.log(`art.svg: ${symbols.length} drawings, guilloche.svg: ${guilloche.length} bytes`);
