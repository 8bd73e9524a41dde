// A page must load the tracker before it can say anything: all of its modules together, as they are served, have at most
// 12 KiB gzipped.
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
