// The in-app connection and what is shown of what comes over it: resumed without loss or repeat, each message once, none
// too late, none that nobody looks at.
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Beckon } from '../src/beckon.js'
import { InApp } from '../src/in-app.js'
import { answer, open as openBrowser, pass, settle } from './browser.mjs'

/** A WebSocket whose other end is the test. */
class Socket {
  static OPEN = 1
  /** All that were opened, oldest first. @type {Socket[]} */
  static all = []
  /** Whether new ones open. */
  static reachable = true
  readyState = 0
  bufferedAmount = 0
  /** What the page sent. */
  frames = []

  constructor(url, protocol) {
    Object.assign(this, { url, protocol })
    Socket.all.push(this)
    setImmediate(() => {
      if (!Socket.reachable) return this.breaks()
      this.readyState = Socket.OPEN
      this.onopen?.()
    })
  }

  send(text) {
    this.frames.push(JSON.parse(text))
  }

  close(code) {
    this.readyState = 3
    this.closedWith = code
  }

  says(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  breaks(code = 1006, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }

  of(type) {
    return this.frames.filter((it) => it.type === type)
  }
}

/** An event stream whose other end is the test. */
class Source {
  static all = []
  constructor(url) {
    this.url = new URL(url)
    Source.all.push(this)
  }

  close() {
    this.isClosed = true
  }

  says(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

let number = 0
const welcome = (fields = {}) => ({
  type: 'welcome',
  session: 's-1',
  resumed: false,
  ping_s: 25,
  now: new Date().toISOString(),
  ...fields,
})
/** A message with an id that no other test uses: what was shown is remembered in one database. */
const messageOf = (fields = {}) => ({
  id: `p-${++number}`,
  show_id: 'show-7',
  title: 'Last 40 at ¥199',
  body: 'Mei is live.',
  link: 'https://beckon.example/t/abc',
  expires_at: new Date(Date.now() + 60_000).toISOString(),
  ...fields,
})

async function open(t, { hidden = false, deviceState = false } = {}) {
  const browser = openBrowser(t)
  Object.assign(Socket, { all: [], reachable: true })
  Source.all = []
  Object.assign(globalThis, { WebSocket: Socket, EventSource: Source })
  globalThis.document.hidden = hidden
  const shown = []
  const fates = []
  const states = []
  const beckon = Beckon.load({ writeKey: 'k-1', host: 'https://beckon.example', app: 'shop', deviceState })
  const entered = []
  const inApp = InApp.open(beckon, {
    enter: ({ link }) => entered.push(link),
    show(message, reply) {
      const card = { ...message, ...reply, isThere: true }
      shown.push(card)
      return () => (card.isThere = false)
    },
  })
  inApp.addEventListener('state', (event) => states.push(event.detail.state))
  inApp.addEventListener('message', (event) => fates.push(event.detail.fate))
  t.after(() => inApp.close())
  await settle()
  const socket = () => Socket.all.at(-1)
  const connect = async (fields) => {
    socket().says(welcome(fields))
    await settle()
  }
  const says = async (message) => {
    socket().says({ type: 'message', message })
    await settle()
  }
  return { ...browser, beckon, inApp, shown, fates, states, entered, socket, connect, says }
}

test('the hello says who, on which device, in what state', async (t) => {
  const { beckon, socket, connect, inApp } = await open(t)
  assert.deepEqual([socket().url, socket().protocol], ['wss://beckon.example/ws', 'beckon.v1'])
  assert.deepEqual(socket().frames, [
    {
      type: 'hello',
      write_key: 'k-1',
      app: 'shop',
      device: { id: beckon.deviceId, type: 'web' },
      anonymous_id: beckon.anonymousId,
      state: { app_state: 'foreground' },
    },
  ])
  await connect()
  assert.deepEqual(inApp.state, { state: 'open', over: 'websocket', session: 's-1', resumed: false })
})

test('a message is shown, acknowledged and reported; a tap enters the room', async (t) => {
  const { server, socket, connect, says, shown, fates, entered } = await open(t)
  await connect()
  const message = messageOf()
  await says(message)
  assert.deepEqual([shown[0].title, socket().of('ack')], [message.title, [{ type: 'ack', ids: [message.id] }]])
  shown[0].enter()
  await pass(600)
  assert.deepEqual([entered, shown[0].isThere, fates], [[message.link], false, ['shown', 'entered']])
  assert.deepEqual(server.events, ['Push Notification Received', 'Push Notification Tapped'])
  assert.deepEqual(server.taken[1].properties, { message_id: message.id, show_id: 'show-7', channel: 'in_app' })
})

test('dismissing is reported and enters nothing', async (t) => {
  const { server, connect, says, shown, entered } = await open(t)
  await connect()
  await says(messageOf())
  shown[0].dismiss()
  await pass(600)
  assert.deepEqual([entered, server.events[1]], [[], 'Push Notification Dismissed'])
})

test('a message that comes again is acknowledged again and not shown again', async (t) => {
  const { server, socket, connect, says, shown, fates } = await open(t)
  await connect()
  const message = messageOf()
  await says(message)
  await says(message)
  await pass(600)
  assert.deepEqual([shown.length, fates, socket().of('ack').length], [1, ['shown', 'seen'], 2])
  assert.equal(server.events.length, 1)
})

test('a broken connection is resumed: nothing is lost and nothing shown twice', async (t) => {
  const { socket, connect, says, shown, states } = await open(t)
  await connect()
  const [first, second] = [messageOf(), messageOf()]
  await says(first)
  socket().breaks()
  await pass(1_500)
  assert.equal(Socket.all.length, 2)
  assert.equal(socket().frames[0].session, 's-1')
  await connect({ resumed: true })
  // The server had no acknowledgement, and has a new message.
  await says(first)
  await says(second)
  assert.deepEqual(shown.map((it) => it.id), [first.id, second.id])
  assert.deepEqual(socket().of('ack').map((it) => it.ids), [[first.id], [second.id]])
  assert.deepEqual(states, ['open', 'waiting', 'connecting', 'open'])
})

test('an acknowledgement outlives the connection it was for', async (t) => {
  const { socket, connect, says } = await open(t)
  await connect()
  const message = messageOf()
  socket().bufferedAmount = 1_000_000
  await says(message)
  assert.equal(socket().of('ack').length, 0)
  socket().breaks()
  await pass(1_500)
  await connect({ resumed: true })
  assert.deepEqual(socket().of('ack'), [{ type: 'ack', ids: [message.id] }])
})

test('the next page resumes the session', async (t) => {
  const { socket, connect, leave, back } = await open(t)
  await connect({ session: 's-9' })
  leave()
  assert.equal(socket().closedWith, 1000)
  back()
  await settle()
  assert.equal(socket().frames[0].session, 's-9')
})

test('a message that is too late is acknowledged and not shown, by the clock of the server', async (t) => {
  const { server, socket, connect, says, shown, fates } = await open(t)
  // This device is an hour behind.
  await connect({ now: new Date(Date.now() + 3_600_000).toISOString() })
  const late = messageOf({ expires_at: new Date(Date.now() + 3_599_000).toISOString() })
  const inTime = messageOf({ expires_at: new Date(Date.now() + 3_601_000).toISOString() })
  await says(late)
  await says(inTime)
  assert.deepEqual([shown.map((it) => it.id), fates], [[inTime.id], ['expired', 'shown']])
  assert.deepEqual(socket().of('ack').map((it) => it.ids), [[late.id], [inTime.id]])
  await pass(600)
  assert.deepEqual(server.events, ['Push Notification Received'])
})

test('a message goes when what it says is no longer true', async (t) => {
  const { server, connect, says, shown } = await open(t)
  await connect()
  await says(messageOf({ expires_at: new Date(Date.now() + 5_000).toISOString() }))
  await pass(4_000)
  assert.equal(shown[0].isThere, true)
  await pass(1_500)
  assert.equal(shown[0].isThere, false)
  assert.ok(!server.events.includes('Push Notification Dismissed'))
})

test('a page that nobody looks at holds a message back, unacknowledged, until somebody does', async (t) => {
  const { socket, connect, says, shown, fates, hide, look } = await open(t)
  await connect()
  hide()
  const [message, late] = [messageOf(), messageOf({ expires_at: new Date(Date.now() + 5_000).toISOString() })]
  await says(message)
  await says(late)
  assert.deepEqual([shown.length, socket().of('ack').length], [0, 0])
  await pass(10_000)
  look()
  await settle()
  assert.deepEqual([shown.map((it) => it.id), fates.toSorted()], [[message.id], ['expired', 'held', 'held', 'shown']])
  assert.deepEqual(socket().of('ack').flatMap((it) => it.ids).toSorted(), [message.id, late.id].toSorted())
})

test('what is held back is bounded', async (t) => {
  const { connect, says, shown, hide, look } = await open(t)
  await connect()
  hide()
  for (let at = 0; at < 30; at++) await says(messageOf())
  look()
  await pass(2_000)
  assert.equal(shown.length, 20)
})

test('a page in the background does not connect before it is looked at', async (t) => {
  const { look, inApp } = await open(t, { hidden: true })
  assert.deepEqual([Socket.all.length, inApp.state.state], [0, 'idle'])
  look()
  await settle()
  assert.equal(Socket.all.length, 1)
})

test('the connection belongs to the page that is looked at', async (t) => {
  const { socket, connect, inApp, hide, look } = await open(t)
  await connect()
  hide()
  socket().breaks(4409)
  await pass(120_000, 5_000)
  assert.deepEqual([Socket.all.length, inApp.state.state, inApp.state.code], [1, 'closed', 4409])
  look()
  await settle()
  assert.equal(Socket.all.length, 2)
})

for (const code of [4400, 4401, 4403]) {
  test(`after close code ${code} it does not come back by itself`, async (t) => {
    const { socket, connect, inApp, warnings, look } = await open(t)
    await connect()
    socket().breaks(code, 'told why')
    await pass(120_000, 5_000)
    look()
    await settle()
    assert.deepEqual([Socket.all.length, inApp.state.state], [1, 'closed'])
    assert.match(warnings[0], /no in-app messages: .*\(told why\)/)
  })
}

test('with another shopper token it tries again', async (t) => {
  const { socket, connect, beckon, look } = await open(t)
  await connect()
  socket().breaks(4401)
  beckon.token = 't-2'
  look()
  await settle()
  assert.equal(socket().frames[0].token, 't-2')
})

for (const code of [1006, 1012, 4408, 4413, 4429, 4503]) {
  test(`after close code ${code} it comes back within the wait it should`, async (t) => {
    const { socket, connect } = await open(t)
    await connect()
    socket().breaks(code)
    await settle()
    assert.equal(Socket.all.length, 1)
    await pass(5_500)
    assert.equal(Socket.all.length, 2)
  })
}

test('waits grow to half a minute, and no further', async (t) => {
  const { socket } = await open(t)
  const at = []
  while (at.length < 9) {
    const before = Socket.all.length
    socket().breaks(4503)
    while (Socket.all.length === before) await pass(250)
    at.push(Date.now())
  }
  const waits = at.slice(1).map((it, index) => it - at[index])
  for (const [index, wait] of waits.entries()) {
    const longest = Math.min(30_000, 1_000 * 2 ** (index + 1))
    assert.ok(wait >= longest / 2 - 250 && wait <= longest + 250, `wait ${index} was ${wait} ms`)
  }
})

test('a welcome that does not come is not waited for', async (t) => {
  const { socket } = await open(t)
  await pass(10_000)
  assert.equal(socket().closedWith, 1000)
  await pass(1_500)
  assert.equal(Socket.all.length, 2)
})

test('silence is noticed: asked once, and closed when nothing comes', async (t) => {
  const { socket, connect } = await open(t)
  await connect({ ping_s: 10 })
  await pass(10_000)
  assert.equal(socket().of('ping').length, 1)
  socket().says({ type: 'pong' })
  await pass(20_000)
  const quiet = socket()
  assert.equal(quiet.closedWith, undefined)
  await pass(11_000)
  assert.equal(quiet.closedWith, 1000)
  await pass(1_500)
  assert.equal(Socket.all.length, 2)
})

test('back online it comes back at once', async (t) => {
  const { socket, connect, offline, online, inApp } = await open(t)
  await connect()
  offline()
  socket().breaks()
  await pass(60_000, 5_000)
  assert.deepEqual([Socket.all.length, inApp.state.why], [1, 'there is no network'])
  online()
  await settle()
  assert.equal(Socket.all.length, 2)
})

test('where WebSockets do not get through, an event stream does', async (t) => {
  const { server, beckon, inApp, shown } = await open(t)
  Socket.reachable = false
  Socket.all[0].breaks()
  await pass(12_000)
  assert.equal(Source.all.length, 1)
  const source = Source.all[0]
  assert.deepEqual(Object.fromEntries(source.url.searchParams), {
    device: beckon.deviceId,
    device_type: 'web',
    write_key: 'k-1',
    app: 'shop',
    anonymous_id: beckon.anonymousId,
  })
  server.next = [() => answer(200), () => answer(200), () => answer(200)]
  source.says(welcome({ session: 's/2' }))
  const message = messageOf()
  source.says({ type: 'message', message })
  await settle()
  assert.deepEqual([inApp.state.over, shown.length], ['sse', 1])
  const posts = server.requests.filter((it) => it.pathname === '/sse/s%2F2').map((it) => it.body.frames)
  assert.deepEqual(posts, [
    [{ type: 'state', app_state: 'foreground' }],
    [{ type: 'ack', ids: [message.id] }],
  ])
  source.says({ type: 'close', code: 4409 })
  assert.deepEqual([source.isClosed, inApp.state.state], [true, 'closed'])
})

test('an event stream that breaks is opened anew, with the session', async (t) => {
  const { server } = await open(t)
  Socket.reachable = false
  Socket.all[0].breaks()
  await pass(12_000)
  Source.all[0].says(welcome({ session: 's-2' }))
  await settle()
  server.next = [() => answer(404)]
  Source.all[0].onerror()
  await pass(1_500)
  assert.deepEqual([Source.all.length, Source.all[1].url.searchParams.get('session')], [2, 's-2'])
})

test('room and state go over the connection instead of as events', async (t) => {
  const { server, beckon, socket, connect } = await open(t)
  await connect()
  beckon.room.entered({ room_id: 'r-1', show_id: 'show-7' })
  beckon.room.left()
  const report = new CustomEvent('device', { detail: { app_state: 'background' }, cancelable: true })
  assert.equal(beckon.dispatchEvent(report), false)
  const here = new CustomEvent('device', { detail: { online: true }, cancelable: true })
  assert.equal(beckon.dispatchEvent(here), false)
  const gone = new CustomEvent('device', { detail: { online: false }, cancelable: true })
  assert.equal(beckon.dispatchEvent(gone), true)
  assert.deepEqual(socket().of('state'), [
    { type: 'state', room_id: 'r-1', show_id: 'show-7' },
    { type: 'state', room_id: null },
    { type: 'state', app_state: 'background' },
  ])
  await pass(600)
  assert.deepEqual(server.events, ['Live Room Entered', 'Live Room Left'])
})

test('what the hello said of the device is not said again, and what changed since is', async (t) => {
  const { server, socket, connect, hide } = await open(t, { deviceState: true })
  await connect()
  await pass(2_000)
  assert.deepEqual([socket().of('state'), server.events], [[], []])
  hide()
  await pass(600)
  assert.deepEqual([socket().of('state'), server.events], [[{ type: 'state', app_state: 'background' }], []])
})

test('a visitor who signs in goes on reading, in his session', async (t) => {
  const { beckon, socket, connect, says, shown } = await open(t)
  await connect()
  await says(messageOf())
  beckon.identify('u-1')
  await settle()
  assert.equal(shown[0].isThere, true)
  const [hello] = socket().frames
  assert.deepEqual([Socket.all.length, hello.user_id, hello.session], [2, 'u-1', 's-1'])
})

for (const [what, happens] of [['signs in', (beckon) => beckon.identify('u-2')], ['comes after signing out', (beckon) => beckon.reset()]]) {
  test(`another shopper who ${what} sees nothing of the former, whose session ends`, async (t) => {
    const { beckon, socket, connect, says, shown } = await open(t)
    beckon.identify('u-1')
    await settle()
    await connect()
    await says(messageOf())
    happens(beckon)
    await settle()
    assert.equal(shown[0].isThere, false)
    const [hello] = socket().frames
    assert.deepEqual([hello.user_id, hello.anonymous_id, hello.session], [beckon.userId, beckon.anonymousId, 's-1'])
  })
}

test('what comes from outside cannot do harm', async (t) => {
  const { says, socket, connect, shown, entered } = await open(t)
  await connect()
  for (const data of ['', '{', 'null', '[]', '{"type":"unknown"}', '{"type":"message"}']) socket().onmessage({ data })
  await says(null)
  await says({ title: 'no id' })
  await says(messageOf({ id: 'x'.repeat(300) }))
  assert.equal(shown.length, 0)
  await says(messageOf({ link: 'javascript:alert(1)', image: 'data:text/html,x', title: 7, body: 'x'.repeat(5_000) }))
  const [{ link, image, title, body }] = shown
  assert.deepEqual([link, image, title, body.length], ['', '', '', 1_000])
  shown[0].enter()
  assert.deepEqual(entered, [])
})
