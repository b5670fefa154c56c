// Writes static/icons.svg: the icons named in icons.txt as one sprite, each a symbol that takes the colour of its text.
import fs from 'node:fs';

const names = fs.readFileSync('icons.txt', 'utf8').split(/\s+/).filter(Boolean);
const symbols = names.map((name) => {
  const source = fs.readFileSync(`node_modules/@tabler/icons/icons/outline/${name}.svg`, 'utf8');
  const shapes = source
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^[\s\S]*?<svg[^>]*>/, '')
    .replace('</svg>', '')
    .replace(/<path stroke="none"[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
});
fs.writeFileSync('../static/icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`);
console.log(`icons.svg: ${names.length} icons`);
