// The SDK as a package: small enough for a page that must load it before it can say anything, safe by construction, and
// whole.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const SRC = new URL('../src/', import.meta.url)
const TRACKER_BYTES_MAX = 12 * 1024

/** A module with all it imports. */
function modules(name, found = new Set()) {
  if (found.has(name)) return found
  found.add(name)
  const text = readFileSync(new URL(name, SRC), 'utf8')
  for (const [, from] of text.matchAll(/^import .* from '\.\/(.*)'$/gm)) modules(from, found)
  return found
}

test('the tracker with all of its modules has at most 12 KiB gzipped', () => {
  const sizes = [...modules('beckon.js')].map((name) => [name, gzipSync(readFileSync(new URL(name, SRC)), { level: 9 }).length])
  assert.ok(sizes.length > 3, 'the imports were found')
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  assert.ok(total <= TRACKER_BYTES_MAX, `${total} bytes: ${sizes.map((it) => it.join(' ')).join(', ')}`)
})

test('every module says why it exists, holds one idea, and writes no markup from outside', () => {
  for (const name of readdirSync(SRC).filter((it) => it.endsWith('.js'))) {
    const text = readFileSync(new URL(name, SRC), 'utf8')
    assert.match(text, /^\/\/ \S/, name)
    assert.ok(text.split('\n').length <= 400, `${name} is long`)
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/, name)
  }
})

test('the worker is a script that any browser runs: it imports and exports nothing', () => {
  assert.doesNotMatch(readFileSync(new URL('worker.js', SRC), 'utf8'), /^\s*(import|export)\b/m)
})

test('what the package says it has, it has', async () => {
  const { exports, files } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  for (const entry of Object.values(exports)) {
    const file = entry.default ?? entry
    assert.ok(readFileSync(new URL(`../${file}`, import.meta.url)).length > 0, file)
    assert.ok(files.includes(file.split('/')[1]), file)
  }
})

test('the version that events bear is that of the package', async () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  for (const file of ['identity.js', 'worker.js']) {
    const [, told, of] = /name: '(@[^']*)', version: '([^']*)'/.exec(readFileSync(new URL(file, SRC), 'utf8')) ?? []
    assert.ok(told?.startsWith(name), file)
    assert.equal(of, version, file)
  }
})
