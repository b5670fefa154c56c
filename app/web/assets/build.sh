#!/bin/sh
# Builds everything under app/web/static from its sources. Run it after changing a source here or a class in a template:
#   make assets
# The results are committed, so running the product needs no Node.
set -eu
cd "$(dirname "$0")"
vendor=../static/vendor
mkdir -p "$vendor" ../../../tests/vendor

node sprite.mjs
node art.mjs
node fonts.mjs
node_modules/.bin/esbuild js/app.js --bundle --minify --format=iife --target=es2022 --charset=utf8 --legal-comments=none --outfile=../static/app.js --log-level=warning
for sheet in app console review verification; do  # (what only some pages need, no other page loads)
  node_modules/.bin/esbuild "css/$sheet.css" --bundle --minify --target=chrome123,firefox128,safari17.5 --loader:.svg=dataurl '--external:vendor/*' --charset=utf8 --outfile="../static/$sheet.css" --log-level=warning
done
cp node_modules/htmx.org/dist/htmx.min.js "$vendor/htmx.min.js"
cp node_modules/plotly.js-basic-dist-min/plotly-basic.min.js "$vendor/plotly-basic.min.js"
cp node_modules/axe-core/axe.min.js ../../../tests/vendor/axe.min.js
node purge.mjs
node licences.mjs

for file in ../static/app.css ../static/app.js "$vendor"/*.css "$vendor"/*.js; do
  printf '%-40s %8d bytes %8d gzipped\n' "$file" "$(wc -c < "$file")" "$(gzip -9c "$file" | wc -c)"
done
