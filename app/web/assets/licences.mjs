// Writes static/vendor/LICENSES.txt: what we ship of others, and the terms it is shipped under.
import fs from 'node:fs';

const shipped = [
  ['@tabler/core', 'tabler.min.css, cut down'],
  ['@tabler/icons', 'icons.svg, a selection'],
  ['@fontsource-variable/inter', 'inter-latin.woff2 and inter-latin-ext.woff2, cut down'],
  ['htmx.org', 'htmx.min.js'],
  ['plotly.js-basic-dist-min', 'plotly-basic.min.js'],
];
const rule = '='.repeat(78);
const parts = shipped.map(([name, files]) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const words = file ? fs.readFileSync(`${folder}/${file}`, 'utf8').trim() : `Licensed under ${license}.`;
  return `${rule}\n${name} ${version} (${license}): ${files}\n${rule}\n\n${words}\n`;
});
fs.writeFileSync('../static/vendor/LICENSES.txt', `Files in this folder that others wrote, with their licences.\n\n${parts.join('\n')}`);
