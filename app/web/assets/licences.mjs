// Writes static/vendor/LICENSES.txt: what we ship of others, and the terms it is shipped under.
import fs from 'node:fs';

const shipped = [
  ['@tabler/core', 'tabler.min.css, cut down'],
  ['@tabler/icons', 'icons.svg, a selection'],
  ['@fontsource-variable/inter', 'inter-latin.woff2 and inter-latin-ext.woff2, cut down'],
  ['htmx.org', 'htmx.min.js'],
  ['plotly.js-basic-dist-min', 'plotly-basic.min.js'],
];
const authors = `Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna
Contains parts of Bootstrap, Copyright (c) 2011-2026 The Bootstrap Authors, under the same terms.`;
const mit = fs.readFileSync('node_modules/@tabler/icons/LICENSE', 'utf8').replace(/^[\s\S]*?(?=Permission is hereby)/, 'The MIT License (MIT)\n\n').trim();
const rule = '='.repeat(78);
const parts = shipped.map(([name, files]) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  // Tabler's package carries no licence file: its stylesheet names the authors, the terms are the MIT ones its icons print in full.
  const words = name === '@tabler/core' ? `${authors}\n\n${mit}` : file ? fs.readFileSync(`${folder}/${file}`, 'utf8').trim() : `Licensed under ${license}.`;
  return `${rule}\n${name} ${version} (${license}): ${files}\n${rule}\n\n${words}\n`;
});
fs.writeFileSync('../static/vendor/LICENSES.txt', `Files in this folder that others wrote, with their licences.\n\n${parts.join('\n')}`);
