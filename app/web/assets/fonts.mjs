// Writes static/vendor/inter-latin*.woff2 and css/fonts.css: Inter with its optical sizes, cut to the letters our readers use (the naira sign and the
// letters of Hausa, Igbo and Yoruba in the second file) and to weights 400–700. The whole family would be 200 kB.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import subset from 'subset-font';

const span = (from, to) => String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
const files = {
  'inter-latin': ['inter-latin-opsz-normal', `${span(0x20, 0x7e)}${span(0xa0, 0xff)}ıŒœˆ˚˜\u2009\u200a–—‘’‚“”„†•…‹›€™←↑→↓−≈≤≥`],
  'inter-latin-ext': ['inter-latin-ext-opsz-normal', '₦₿₮ẸẹỊịỌọỤụṢṣṄṅṀṁƁɓƊɗƘƙƳƴĀāĒēĪīŌōŪūŃńǸǹĆćČčŚśŠšŽžŁłĞğİŞş'],
};
// The address carries the same mark of its content as `static_url` gives, so the font that the page preloads is the one used here.
const rules = ['/* Written by fonts.mjs. */'];
for (const [name, [source, letters]] of Object.entries(files)) {
  const whole = fs.readFileSync(`node_modules/@fontsource-variable/inter/files/${source}.woff2`);
  const cut = await subset(whole, letters, { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } });
  fs.writeFileSync(`../static/vendor/${name}.woff2`, cut);
  const mark = createHash('sha256').update(cut).digest('hex').slice(0, 12);
  rules.push(`@font-face {
  font-family: "Inter";
  src: url("vendor/${name}.woff2?v=${mark}") format("woff2");
  font-weight: 400 700;
  font-display: swap;
  unicode-range: ${ranges(letters)};
}`);
  console.log(`${name}.woff2: ${cut.length} bytes`);
}
fs.writeFileSync('css/fonts.css', `${rules.join('\n\n')}\n`);

// Letters as the shortest list of ranges.
function ranges(letters) {
  const points = [...new Set(letters)].map((letter) => letter.codePointAt(0)).sort((a, b) => a - b);
  const runs = [];
  for (const point of points) {
    if (runs.length && point === runs.at(-1)[1] + 1) runs.at(-1)[1] = point;
    else runs.push([point, point]);
  }
  const hex = (number) => number.toString(16);
  return runs.map(([from, to]) => (from === to ? `U+${hex(from)}` : `U+${hex(from)}-${hex(to)}`)).join(', ');
}
