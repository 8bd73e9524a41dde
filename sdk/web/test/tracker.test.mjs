// What the tracker promises: every call reaches the server once, in order, whatever happens to the page, the network
// and the server; and nothing grows without bound.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Beckon } from '../src/beckon.js'
import { EVENT_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX } from '../src/queue.js'
import { answer, broken, hang, lost, open, pass, settle } from './browser.mjs'

const load = (options = {}) =>
  Beckon.load({ writeKey: 'k-1', host: 'https://beckon.example', app: 'shop', deviceState: false, ...options })
const times = (count, what) => Array.from({ length: count }, (_, at) => what(at))

test('a call goes in a batch, with who, when, where and on which device', async (t) => {
  const { server } = open(t)
  const beckon = load()
  const id = beckon.track('Product Viewed', { product_id: 'sku-1' })
  beckon.identify('u-1', { city_tier: 2 })
  await pass(600)
  assert.equal(server.requests.length, 1)
  const { pathname, body } = server.requests[0]
  assert.equal(pathname, '/v1/batch')
  assert.equal(body.writeKey, 'k-1')
  assert.equal(body.sentAt, '2026-11-28T12:00:00.500Z')
  const [viewed, identified] = body.batch
  assert.deepEqual(
    [viewed.type, viewed.event, viewed.properties, viewed.messageId, viewed.timestamp, viewed.userId],
    ['track', 'Product Viewed', { product_id: 'sku-1' }, id, '2026-11-28T12:00:00.000Z', undefined],
  )
  assert.equal(viewed.context.page.url, 'https://shop.example/room?x=1')
  assert.deepEqual(viewed.context.device, { id: beckon.deviceId, type: 'web' })
  assert.deepEqual(viewed.context.app, { namespace: 'shop' })
  assert.equal(viewed.context.locale, 'zh-CN')
  assert.deepEqual([identified.type, identified.userId, identified.traits], ['identify', 'u-1', { city_tier: 2 }])
  assert.equal(identified.anonymousId, viewed.anonymousId)
  assert.equal(beckon.status.queued, 0)
})

test('the visitor, the user and the device are the same after a reload and in another tab', async (t) => {
  open(t)
  const first = load()
  first.identify('u-1')
  const second = load()
  assert.deepEqual(
    [second.anonymousId, second.userId, second.deviceId],
    [first.anonymousId, 'u-1', first.deviceId],
  )
})

test("Segment's forms of page, screen, group and alias are understood", async (t) => {
  const { server } = open(t)
  const beckon = load()
  beckon.page()
  beckon.page('Home')
  beckon.page('Shop', 'Home', { theme: 'dark' })
  beckon.page({ theme: 'light' })
  beckon.screen('Cart', { items: 2 })
  beckon.group('g-1', { plan: 'gold' })
  beckon.alias('u-1')
  await pass(600)
  const said = server.taken.map(({ type, category, name, properties }) => [type, category, name, properties?.theme])
  assert.deepEqual(said, [
    ['page', undefined, undefined, undefined],
    ['page', undefined, 'Home', undefined],
    ['page', 'Shop', 'Home', 'dark'],
    ['page', undefined, undefined, 'light'],
    ['screen', undefined, 'Cart', undefined],
    ['group', undefined, undefined, undefined],
    ['alias', undefined, undefined, undefined],
  ])
  assert.equal(server.taken[0].properties.path, '/room')
  assert.equal(server.taken[4].properties.path, undefined)
  assert.equal(server.taken[6].previousId, beckon.anonymousId)
})

test('what is in the queue survives the page, and goes in order from the next', async (t) => {
  const { server, navigator, online } = open(t)
  navigator.onLine = false
  const crashed = load()
  times(3, (at) => crashed.track(`Event ${at}`))
  await pass(2_000)
  assert.equal(server.requests.length, 0)
  const next = load()
  next.track('Event 3')
  online()
  await settle()
  assert.deepEqual(server.events, ['Event 0', 'Event 1', 'Event 2', 'Event 3'])
  assert.equal(server.repeated, 0)
})

test('offline and back: nothing is lost, nothing repeated, and nothing waits for a timer', async (t) => {
  const { server, offline, online } = open(t)
  const beckon = load()
  beckon.track('before')
  await pass(600)
  offline()
  times(5, (at) => beckon.track(`offline ${at}`))
  await pass(60_000, 5_000)
  assert.equal(server.requests.length, 1)
  online()
  await settle()
  assert.deepEqual(server.events, ['before', ...times(5, (at) => `offline ${at}`)])
  assert.equal(server.repeated, 0)
})

test('a lost network is tried again, ever later, until it is there', async (t) => {
  const { server } = open(t)
  const beckon = load()
  server.next = times(4, () => broken)
  beckon.track('one')
  const at = []
  while (server.taken.length === 0) {
    const before = server.requests.length
    await pass(250)
    if (server.requests.length > before) at.push(Date.now())
  }
  const waits = at.slice(1).map((it, index) => it - at[index])
  for (const [index, wait] of waits.entries()) {
    const longest = 2_000 * 2 ** index
    assert.ok(wait >= longest / 2 && wait <= longest + 250, `wait ${index} was ${wait} ms`)
  }
  assert.deepEqual([waits.length, server.events], [4, ['one']])
})

test('an event whose answer was lost is sent again with the same id', async (t) => {
  const { server } = open(t)
  const beckon = load()
  server.next = [lost]
  beckon.track('one')
  await pass(5_000)
  assert.deepEqual([server.events, server.repeated], [['one'], 1])
  assert.equal(beckon.status.queued, 0)
})

test('a server that hangs is given up after half a minute', async (t) => {
  const { server } = open(t)
  const beckon = load()
  server.next = [hang]
  beckon.track('one')
  await pass(29_000, 1_000)
  assert.equal(server.requests.length, 1)
  await pass(6_000)
  assert.deepEqual(server.events, ['one'])
})

for (const [name, header, least_ms] of [
  ['in seconds', '30', 30_000],
  ['as a date', 'Sat, 28 Nov 2026 12:01:00 GMT', 59_000],
]) {
  test(`Retry-After ${name} is honoured, by the other tab and the next page too`, async (t) => {
    const { server, offline, online } = open(t)
    const beckon = load()
    server.next = [() => answer(429, { code: 'overloaded' }, { 'retry-after': header })]
    beckon.track('one')
    await pass(600)
    const other = load()
    other.track('two')
    // Neither coming back online nor leaving gets round it.
    offline()
    online()
    other.flush()
    await pass(least_ms - 1_000, 1_000)
    assert.equal(server.requests.length, 1)
    await pass(4_000)
    assert.deepEqual(server.events, ['one', 'two'])
  })
}

test('a server error is tried again', async (t) => {
  const { server } = open(t)
  server.next = [() => answer(503, {}, { 'retry-after': '1' }), () => answer(500), () => new Response('<h1>', { status: 502 })]
  load().track('one')
  await pass(20_000)
  assert.deepEqual([server.events, server.requests.length], [['one'], 4])
})

test('what the server cannot read is given up, with a word on what to do', async (t) => {
  const { server, warnings } = open(t)
  server.next = [() => answer(400, { code: 'bad-json', detail: 'byte 7' })]
  const beckon = load()
  beckon.track('one')
  await pass(600)
  beckon.track('two')
  await pass(600)
  assert.deepEqual(server.events, ['two'])
  assert.equal(warnings.length, 1)
  assert.match(warnings[0], /1 events are given up.*400 bad-json byte 7.*See what the page puts into its events/)
})

test('one bad event does not take the others with it', async (t) => {
  const { server, warnings } = open(t)
  server.next = [() => answer(400, { code: 'event-too-large', item: 1 })]
  const beckon = load()
  times(3, (at) => beckon.track(`Event ${at}`))
  await pass(600)
  assert.deepEqual(server.events, ['Event 0', 'Event 2'])
  assert.match(warnings[0], /an event is given up/)
})

test('a key that is not known loses nothing, and is not asked for every second', async (t) => {
  const { server, warnings } = open(t)
  server.next = [() => answer(401, { code: 'key-unknown' })]
  load().track('one')
  await pass(50_000, 1_000)
  assert.equal(server.requests.length, 1)
  assert.match(warnings[0], /401 key-unknown.*Check `writeKey`/)
  await pass(20_000, 1_000)
  assert.deepEqual(server.events, ['one'])
})

test('calls that the server left out are told on the console', async (t) => {
  const { server, warnings } = open(t)
  server.next = [() => answer(200, { rejected: [{ item: 0, code: 'no-event-name', detail: 'a name is missing' }] })]
  const beckon = load()
  beckon.track('')
  await pass(600)
  assert.match(warnings[0], /no-event-name, a name is missing/)
  assert.equal(beckon.status.queued, 0)
})

test('an event beyond the limit is not queued; batches stay within theirs', async (t) => {
  const { server, warnings, navigator, online } = open(t)
  navigator.onLine = false
  const beckon = load()
  beckon.track('large', { text: '好'.repeat(EVENT_BYTES_MAX / 3) })
  assert.match(warnings[0], /large is not sent: .*more than 32 KiB; leave out/)
  times(40, (at) => beckon.track(`Event ${at}`, { text: '好'.repeat(10_000) }))
  online()
  await settle()
  assert.equal(server.taken.length, 40)
  assert.ok(server.requests.length >= 3)
  for (const { body } of server.requests) assert.ok(Buffer.byteLength(JSON.stringify(body)) <= 500 * 1024)
})

test('no call throws, whatever it is given', async (t) => {
  const { server, warnings } = open(t)
  const beckon = load()
  const circle = {}
  circle.itself = circle
  beckon.track('circle', circle)
  beckon.track('large', { count: 10n })
  beckon.track('when', {}, { timestamp: 'yesterday' })
  beckon.page(null, undefined)
  await pass(600)
  assert.deepEqual([server.events, warnings.length], [['when', 'page'], 2])
})

test('a full queue drops the oldest, and says how many', async (t) => {
  const { server, navigator, online } = open(t)
  navigator.onLine = false
  const beckon = load()
  times(QUEUE_EVENTS_MAX + 7, (at) => beckon.track(`Event ${at}`))
  assert.deepEqual([beckon.status.queued, beckon.status.dropped], [QUEUE_EVENTS_MAX, 7])
  online()
  await pass(1_000)
  assert.equal(server.events[0], 'Event 7')
  const last = server.taken.at(-1)
  assert.deepEqual([last.event, last.properties.count], ['Events Dropped', 7])
  assert.equal(beckon.status.dropped, 0)
})

test('the queue is bounded in bytes, too', async (t) => {
  const { navigator, area } = open(t)
  navigator.onLine = false
  const beckon = load()
  times(100, () => beckon.track('Event', { text: 'x'.repeat(30_000) }))
  const stored = [...area.items].reduce((sum, [name, text]) => sum + (name.includes('.q.') ? text.length : 0), 0)
  assert.ok(stored <= QUEUE_BYTES_MAX && stored > QUEUE_BYTES_MAX - 40_000)
  assert.equal(beckon.status.dropped, 100 - beckon.status.queued)
})

test('where nothing may be stored, events go all the same', async (t) => {
  const { server, area } = open(t)
  area.quota = 0
  const beckon = load()
  beckon.track('one')
  assert.equal(beckon.status.lasts, false)
  await pass(600)
  assert.deepEqual(server.events, ['one'])
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      throw new DOMException('no', 'SecurityError')
    },
  })
  const other = load()
  other.track('two')
  assert.equal(other.anonymousId, other.anonymousId)
  await pass(600)
  assert.deepEqual(server.events, ['one', 'two'])
})

test('several tabs send each event once', async (t) => {
  const { server } = open(t)
  const tabs = times(4, () => load())
  times(20, (at) => tabs[at % 4].track(`Event ${at}`))
  await Promise.all(tabs.map((it) => it.flush()))
  await pass(3_000)
  assert.deepEqual([server.taken.length, server.repeated], [20, 0])
})

test('of a tab that dies while it sends, another one sends the rest', async (t) => {
  const { server, navigator } = open(t)
  const dying = load()
  const other = load()
  server.next = [hang]
  dying.track('one')
  dying.flush()
  await pass(10)
  other.track('two')
  await pass(2_000)
  assert.equal(server.taken.length, 0)
  navigator.locks.held.clear()
  await pass(2_000)
  assert.deepEqual([server.events, server.repeated], [['one', 'two'], 0])
})

test('without Web Locks nothing is lost either', async (t) => {
  const { server } = open(t, { locks: false })
  const tabs = times(3, () => load())
  times(9, (at) => tabs[at % 3].track(`Event ${at}`))
  await pass(3_000)
  assert.equal(server.taken.length, 9)
  assert.equal(tabs[0].status.queued, 0)
})

test('a page that leaves sends what it added in a request that outlives it', async (t) => {
  const { server, leave } = open(t)
  const beckon = load()
  beckon.track('last words')
  leave()
  assert.equal(server.requests.length, 1)
  assert.equal(server.requests[0].keepalive, true)
  await settle()
  assert.deepEqual([server.events, beckon.status.queued], [['last words'], 0])
  await pass(2_000)
  assert.equal(server.requests.length, 1)
})

test('a page that leaves stays within what browsers let go, and the next page sends the rest', async (t) => {
  const { server, leave } = open(t)
  const beckon = load({ flush_ms: 10_000 })
  times(10, (at) => beckon.track(`Event ${at}`, { text: 'x'.repeat(9_000) }))
  leave()
  assert.ok(server.requests[0].bytes < 64 * 1024)
  await settle()
  load()
  await pass(1_000)
  assert.deepEqual(server.events, times(10, (at) => `Event ${at}`))
  assert.equal(server.repeated, 0)
})

test('what is on its way already is not sent again by a page that leaves', async (t) => {
  const { server, leave, hide } = open(t)
  const beckon = load()
  server.next = [hang]
  beckon.track('one')
  await pass(600)
  beckon.track('two')
  leave()
  hide()
  await pass(1_000)
  assert.deepEqual([server.events, server.repeated, server.requests.length], [['two'], 0, 2])
})

test('a page that leaves in a pause keeps it, and the next page sends', async (t) => {
  const { server, leave } = open(t)
  server.next = [() => answer(429, {}, { 'retry-after': '30' })]
  const beckon = load()
  beckon.track('one')
  await pass(600)
  leave()
  await settle()
  assert.equal(server.requests.length, 1)
  load()
  await pass(34_000, 1_000)
  assert.deepEqual([server.events, server.repeated], [['one'], 0])
})

test('waits begin anew after a success', async (t) => {
  const { server } = open(t)
  const beckon = load()
  server.next = [broken, broken, broken]
  beckon.track('one')
  await pass(20_000)
  server.next = [broken]
  beckon.track('two')
  await pass(3_000)
  assert.deepEqual(server.events, ['one', 'two'])
})

test('signing out is said for the user, and who comes next is new', async (t) => {
  const { server } = open(t)
  const beckon = load({ token: 't-1' })
  beckon.identify('u-1')
  const visitor = beckon.anonymousId
  let changes = 0
  beckon.addEventListener('identity', () => changes++)
  beckon.reset()
  beckon.track('after')
  await pass(600)
  const [, out, after] = server.taken
  assert.deepEqual([out.event, out.userId, out.anonymousId], ['Signed Out', 'u-1', visitor])
  assert.equal(out.context.shopper_token, 't-1')
  assert.equal(after.userId, undefined)
  assert.notEqual(after.anonymousId, visitor)
  assert.equal(after.context.shopper_token, undefined)
  assert.equal(after.context.device.id, out.context.device.id)
  assert.equal(changes, 1)
})

test("a shopper token is not taken for another user's", async (t) => {
  const { server } = open(t)
  const beckon = load()
  beckon.identify('u-1', {}, { token: 't-1' })
  beckon.track('one')
  beckon.identify('u-2')
  beckon.track('two')
  await pass(600)
  assert.deepEqual(
    server.taken.map((it) => it.context.shopper_token),
    ['t-1', 't-1', undefined, undefined],
  )
})

test('consent is said in the categories that the server reads', async (t) => {
  const { server } = open(t)
  load().consent({ marketing: true, web_push: { marketing: false }, webhook: false })
  await pass(600)
  assert.equal(server.events[0], 'Segment Consent Preference Updated')
  assert.deepEqual(server.taken[0].context.consent.categoryPreferences, {
    marketing: true,
    'web_push.marketing': false,
    'webhook.service': false,
    'webhook.marketing': false,
  })
})

test('the named calls say the names of docs/events.md', async (t) => {
  const { server } = open(t)
  const { readFile } = await import('node:fs/promises')
  const documented = await readFile(new URL('../../../docs/events.md', import.meta.url), 'utf8')
  const beckon = load()
  for (const group of [beckon.product, beckon.order, beckon.room, beckon.push]) {
    for (const call of Object.values(group)) call({ product_id: 'sku-1' })
  }
  await pass(600)
  assert.equal(server.events.length, 24)
  for (const event of server.events) assert.ok(documented.includes(`\`${event}\``), event)
})

test('a stay in a room is said with its length, also when the page leaves in the middle of it', async (t) => {
  const { server, leave, back } = open(t)
  const beckon = load()
  beckon.room.entered({ room_id: 'r-1', show_id: 's-1' })
  await pass(7_000)
  beckon.room.liked()
  assert.deepEqual(beckon.inRoom, { room_id: 'r-1', show_id: 's-1' })
  leave()
  await settle()
  const [, liked, left] = server.taken
  assert.deepEqual(liked.properties, { room_id: 'r-1', show_id: 's-1' })
  assert.deepEqual(left.properties, { room_id: 'r-1', show_id: 's-1', dwell_seconds: 7 })
  back()
  await pass(600)
  assert.deepEqual(server.events.slice(-2), ['Live Room Left', 'Live Room Entered'])
})
