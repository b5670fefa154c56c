// Writes static/vendor/tabler.min.css: Tabler without what no page uses (see safelist.mjs), minified.
import fs from 'node:fs';
import { PurgeCSS } from 'purgecss';
import { transform } from 'lightningcss';
import { blocklist, standard } from './safelist.mjs';

const [found] = await new PurgeCSS().purge({
  content: ['../**/templates/**/*.html', '../static/app.js'],
  css: ['node_modules/@tabler/core/dist/css/tabler.css'],
  // class names stand in quotes, in Jinja expressions and after `~`; every word-like run counts as a use
  defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
  safelist: { standard, greedy: [] },
  blocklist,
  variables: false,
  keyframes: true,
  fontFace: true,
});
const licence = '/*! Tabler v1.6.1, MIT, see LICENSES.txt. Cut down by app/web/assets/purge.mjs */\n';
const { code } = transform({ filename: 'tabler.css', code: Buffer.from(found.css), minify: true, errorRecovery: true });
fs.writeFileSync('../static/vendor/tabler.min.css', licence + trim(code.toString()));

// Custom properties that nothing reads any more (the colours of the parts just removed), until no more fall out.
function trim(css) {
  const own = fs.readdirSync('css').filter((name) => name.endsWith('.css')).map((name) => fs.readFileSync(`css/${name}`, 'utf8')).join('');
  for (let before = ''; before !== css; ) {
    before = css;
    const read = new Set([...(css + own).matchAll(/var\((--[\w-]+)/g)].map((match) => match[1]));
    css = css.replace(/([;{])(--tblr-[\w-]+):(?:[^;{}()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*(?=[;}])/g, (whole, lead, name) => (read.has(name) ? whole : lead));
    css = css.replace(/;{2,}/g, ';').replace(/\{;/g, '{').replace(/;\}/g, '}').replace(/[^{}@]+\{\}/g, '');
  }
  return css;
}
