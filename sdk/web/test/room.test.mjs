// The room page's parts that need no page: what it knows, what it says, and what it tells.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, mock } from 'node:test'
import { Model, clock, counted, said, timeOf } from '../src/room/model.js'
import { Reporter, visitor } from '../src/room/report.js'
import { Stay } from '../src/room/stay.js'

const NOW = 1_794_400_000_000
const LIVE = { state: 'on_air', title: 'Night', starts_at: NOW - 60_000, ends_at: NOW + 3_600_000, pinned: false, viewers: 3 }
const GOODS = [
  { id: 'a', title: 'A', price: '¥199', amount: 199, stock: 37, offer: 'o', ends_at: NOW + 90_000, at: NOW - 60_000 },
  { id: 'b', title: 'B', price: '¥99', amount: 99, at: NOW + 600_000 },
  { id: 'c', title: 'C', price: '¥9', amount: 9 },
]
const model = (live = {}, about) => new Model({ ...LIVE, ...live }, GOODS, NOW, about)

test('what the host pins is shown first, then what the push spoke of, then what the plan has', () => {
  const shown = (live, about) => {
    const it = model(live, about).shown()
    return it && [it.good.id, it.why]
  }
  assert.deepEqual(shown({ shown: 'a', pinned: true }, 'b'), ['a', 'now'])
  assert.deepEqual(shown({ shown: 'a' }, 'b'), ['b', 'for_you'])
  assert.deepEqual(shown({ shown: 'a' }, 'a'), ['a', 'now'])
  assert.deepEqual(shown({ shown: 'a' }), ['a', 'now'])
  assert.equal(shown({}), undefined)
  assert.deepEqual(shown({ state: 'planned' }), ['a', 'next'], 'before the show: the first of the plan')
  assert.deepEqual(shown({ state: 'planned' }, 'c'), ['c', 'for_you'])
  assert.equal(shown({ state: 'over', shown: 'a', pinned: true }, 'b'), undefined)
  assert.equal(shown({ shown: 'gone', pinned: true }), undefined)
})

test('changed products replace what was known of them, others stay', () => {
  const it = model()
  it.restock([{ ...GOODS[0], stock: 0 }])
  assert.deepEqual(it.left(it.goods.get('a')), { word: 'sold_out', n: 0 })
  assert.equal(it.goods.get('b').price, '¥99')
  assert.deepEqual(it.listed().map((good) => good.id), ['a', 'b', 'c'])
})

test('few pieces are said to be few', () => {
  const it = model()
  assert.deepEqual(it.left({ stock: 100 }), { word: 'left', n: 100 })
  assert.deepEqual(it.left({ stock: 500 }), { word: 'in_stock', n: 500 })
  assert.deepEqual(it.left({ stock: 500, low: true }), { word: 'left', n: 500 })
  assert.equal(it.left({}), undefined)
})

test('an offer counts down by the clock of the server', (t) => {
  mock.timers.enable({ apis: ['Date'], now: 5_000 })
  t.after(() => mock.timers.reset())
  const it = model()
  assert.equal(it.endsIn(GOODS[0]), 90_000)
  mock.timers.tick(30_000)
  assert.equal(it.endsIn(GOODS[0]), 60_000)
  it.sync(NOW + 100_000)
  assert.equal(it.endsIn(GOODS[0]), 0)
  assert.equal(it.endsIn({ ends_at: NOW + 9 * 3_600_000 }), undefined, 'hours away: nothing to hurry for')
  assert.equal(model({ state: 'planned' }).endsIn(GOODS[0]), undefined)
})

test('spans and times are written as a clock shows them', () => {
  assert.equal(clock(0, 'd'), '00:00')
  assert.equal(clock(-5, 'd'), '00:00')
  assert.equal(clock(61_001, 'd'), '01:02')
  assert.equal(clock(3_723_000, 'd'), '1:02:03')
  assert.equal(clock(90_061_000, '天'), '1天 01:01:01')
  const at = (h, day = 10) => new Date(2026, 10, day, h, 5).getTime()
  assert.equal(timeOf(at(20), at(9), 'en', {}), '20:05')
  assert.equal(timeOf(at(20, 11), at(9), 'zh', { tomorrow: '明天' }), '明天 20:05')
  assert.match(timeOf(at(20, 14), at(9), 'en', {}), /14.* 20:05$|Nov.*20:05$/)
  assert.equal(counted(980, 'en'), '980')
  assert.equal(counted(12_874, 'zh'), '1.3万')
  assert.equal(said('{n} of {m} {x}', { n: '1', m: '$&' }), '1 of $& {x}')
})

test('every word is there in both languages, with the same gaps', () => {
  const { zh, en } = JSON.parse(readFileSync(new URL('../src/room/words.json', import.meta.url)))
  assert.deepEqual(Object.keys(zh), Object.keys(en))
  const gaps = (text) => (text.match(/\{\w+\}/g) ?? []).sort()
  for (const name of Object.keys(zh)) assert.deepEqual(gaps(zh[name]), gaps(en[name]), name)
})

test('what the page and its script name is there: marks, words, elements', () => {
  const read = (name) => readFileSync(new URL(`../src/room/${name}`, import.meta.url), 'utf8')
  const [page, main, view, css] = ['page.html', 'main.js', 'view.js', 'page.css'].map(read)
  const ids = new Set([...page.matchAll(/ id="([\w-]+)"/g)].map((it) => it[1]))
  for (const [, id] of (main + view).matchAll(/part\('([\w-]+)'\)/g)) assert.ok(ids.has(id), id)
  for (const [, id] of css.matchAll(/#([a-z][\w-]*)[ {,:)]/g)) if (!/^([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(id)) assert.ok(ids.has(id), `#${id}`)
  const { en } = JSON.parse(read('words.json'))
  for (const [, word] of (main + view).matchAll(/words\.(\w+)/g)) assert.ok(word in en, word)
  assert.ok(!/ on\w+="/.test(page) && !/ style="/.test(page), 'nothing that the policy would stop')
})

test('a stay is from when the show is on and seen until it is not, and is told with its toll', () => {
  let now = 1000
  mock.method(performance, 'now', () => now)
  const told = []
  const stay = new Stay((event, properties) => told.push([event, properties]), () => ({ stalls: 2 }))
  stay.look(true)
  assert.deepEqual(told, [], 'before the show nobody is in the room')
  stay.air(true)
  now += 61_400
  stay.look(true)
  stay.look(false)
  stay.look(false)
  assert.deepEqual(told, [['Live Room Entered', undefined], ['Live Room Left', { dwell_seconds: 61, stalls: 2 }]])
  stay.look(true)
  stay.air(false)
  assert.equal(told.length, 4)
  mock.restoreAll()
})

test('events leave together, are kept while the server cannot be reached, and what is left goes with the page', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const beacons = []
  Object.defineProperty(globalThis, 'navigator', {
    value: { language: 'zh-CN', sendBeacon: (url, body) => beacons.push(JSON.parse(body).batch.length) },
    configurable: true,
  })
  const sent = []
  const answers = [new Response('', { status: 503 }), new TypeError('offline')]
  globalThis.fetch = async (url, init) => {
    sent.push({ url, ...JSON.parse(init.body) })
    const next = answers.shift()
    if (next instanceof Error) throw next
    return next ?? new Response('{}')
  }
  const turn = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  const reporter = new Reporter('/r/tonight/events', 'v-1', { show_id: 'tonight' })
  reporter.track('Live Liked', { count: 3 })
  reporter.track('Live Shared')
  mock.timers.tick(800)
  await turn()
  assert.equal(sent.length, 1)
  assert.deepEqual(sent[0].batch.map((it) => [it.type, it.event, it.anonymousId]), [['track', 'Live Liked', 'v-1'], ['track', 'Live Shared', 'v-1']])
  assert.deepEqual(sent[0].batch[0].properties, { show_id: 'tonight', count: 3 })
  mock.timers.tick(3000)
  await turn()
  mock.timers.tick(30_000)
  await turn()
  assert.equal(sent.length, 3)
  assert.deepEqual(sent[2].batch, sent[0].batch, 'the same ids, so that it counts once')
  assert.equal(reporter.kept.length, 0)
  for (let i = 0; i < 50; i++) reporter.track('Live Room Left')
  reporter.leave()
  assert.deepEqual(beacons, [40, 10])
  for (let i = 0; i < 500; i++) reporter.track('Live Liked')
  assert.equal(reporter.kept.length, 200, 'bounded')
})

test('a visitor keeps his id, and has one even where nothing can be kept', () => {
  const kept = new Map()
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) }
  assert.equal(visitor(storage), visitor(storage))
  const forbidden = { getItem: () => { throw new Error('no') }, setItem() {} }
  assert.match(visitor(forbidden), /^[0-9a-f-]{32,36}$/)
  assert.match(visitor(undefined), /^[0-9a-f-]{32,36}$/)
})
