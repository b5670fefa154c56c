// Writes static/vendor/inter-latin*.woff2: Inter with its optical sizes, cut to the letters our readers use (the naira sign and the
// letters of Hausa, Igbo and Yoruba in the second file) and to weights 400–700. The whole family would be 200 kB.
import fs from 'node:fs';
import subset from 'subset-font';

const span = (from, to) => String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
const files = {
  'inter-latin': ['inter-latin-opsz-normal', `${span(0x20, 0x7e)}${span(0xa0, 0xff)}ıŒœˆ˚˜\u2009\u200a–—‘’‚“”„†•…‹›€™←↑→↓−≈≤≥`],
  'inter-latin-ext': ['inter-latin-ext-opsz-normal', '₦ẸẹỊịỌọỤụṢṣṄṅṀṁƁɓƊɗƘƙƳƴĀāĒēĪīŌōŪūŃńǸǹĆćČčŚśŠšŽžŁłĞğİŞş'],
};
for (const [name, [source, letters]] of Object.entries(files)) {
  const whole = fs.readFileSync(`node_modules/@fontsource-variable/inter/files/${source}.woff2`);
  const cut = await subset(whole, letters, { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } });
  fs.writeFileSync(`../static/vendor/${name}.woff2`, cut);
  console.log(`${name}.woff2: ${cut.length} bytes`);
}
