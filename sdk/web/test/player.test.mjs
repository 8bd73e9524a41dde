// The player against a browser that is played here: peers, pictures and time are the test's.
import assert from 'node:assert/strict'
import { test, mock, beforeEach, afterEach } from 'node:test'
import { gunzipSync } from 'node:zlib'

/** What the world did. */
let world

class Peer extends EventTarget {
  constructor() {
    super()
    this.signalingState = 'stable'
    this.connectionState = 'new'
    this.iceConnectionState = 'new'
    this.iceGatheringState = 'new'
    this.counts = { freezeCount: 0, totalFreezesDuration: 0, framesDecoded: 0 }
    world.peers.push(this)
  }
  addTransceiver(kind, { direction }) {
    const track = Object.assign(new EventTarget(), { kind })
    const receiver = { track, jitterBufferTarget: null, playoutDelayHint: null }
    ;(this.receivers ??= []).push(receiver)
    this.direction = direction
    return { receiver }
  }
  async setLocalDescription() {
    this.localDescription = { sdp: `offer ${world.peers.indexOf(this) + 1}` }
  }
  async setRemoteDescription(answer) {
    if (answer.sdp === 'bad') throw new Error('no SDP')
    this.remote = answer
  }
  async getStats() {
    return new Map([['v', { type: 'inbound-rtp', kind: 'video', packetsLost: 1, ...this.counts }]])
  }
  close() {
    this.signalingState = 'closed'
  }
  become(state) {
    this.iceConnectionState = state
    this.dispatchEvent(new Event('iceconnectionstatechange'))
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

class Video extends EventTarget {
  constructor() {
    super()
    this.paused = true
    this.muted = false
    this.currentTime = 0
    this.callbacks = []
    this.mayPlay = true
  }
  async play() {
    if (!this.mayPlay) throw new DOMException('tap first', 'NotAllowedError')
    this.paused = false
  }
  requestVideoFrameCallback(callback) {
    this.callbacks.push(callback)
  }
  canPlayType() {
    return world.hls ? 'maybe' : ''
  }
  removeAttribute(name) {
    delete this[name]
  }
  load() {}
  /** A picture is shown now. */
  frame() {
    const now = performance.now()
    for (const callback of this.callbacks.splice(0)) callback(now)
  }
}

const answer = (status, body = 'answer', headers = {}) => new Response(status === 204 ? null : body, { status, headers })
const joined = () => answer(201, 'answer', { location: '/whep/session/9' })
const turn = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
/** Packing is done by threads of the system, which may have to wait for a core: by the real clock, as the other is mocked. */
const until = async (is) => {
  const end = process.hrtime.bigint() + 30_000_000_000n
  while (!is()) {
    assert.ok(process.hrtime.bigint() < end, `what is waited for does not come: ${is}`)
    await new Promise((done) => setImmediate(done))
  }
}
const pass = async (ms) => {
  for (let left = ms; left > 0; left -= 50) {
    world.now += Math.min(50, left)
    mock.timers.tick(Math.min(50, left))
    await turn()
  }
}

beforeEach(() => {
  world = { peers: [], requests: [], answers: [], hls: false, now: 1000 }
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  mock.method(performance, 'now', () => world.now)
  mock.method(Math, 'random', () => 1)
  globalThis.RTCPeerConnection = Peer
  globalThis.MediaStream = class {
    tracks = []
    addTrack(track) {
      this.tracks.push(track)
    }
  }
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: 'visible', readyState: 'complete' })
  globalThis.location = { href: 'https://shop.test/r/tonight' }
  globalThis.fetch = async (url, init) => {
    world.requests.push({ url: String(url), ...init })
    if (init.method === 'DELETE') return answer(200)
    const next = world.answers.shift() ?? joined()
    return typeof next === 'function' ? next(init) : next
  }
})
afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

const { Player } = await import('../src/player.js')
const { begin } = await import('../src/whep.js')
const SOURCE = { whep: '/whep/beauty', ticket: 't-1' }

function play(source = SOURCE, options = {}) {
  const told = { states: [], started: [], stalled: [] }
  const video = new Video()
  const player = new Player(video, source, {
    onState: (it) => told.states.push(it),
    onStarted: (it) => told.started.push(it),
    onStalled: (it) => told.stalled.push(it),
    ...options,
  })
  player.start()
  return { player, video, told }
}
const posts = () => world.requests.filter((it) => it.method === 'POST')
const deletes = () => world.requests.filter((it) => it.method === 'DELETE')

test('an offer for picture and sound leaves with its ticket, and the picture comes without delay of its own', async () => {
  const { player, video, told } = play()
  assert.equal(video.muted, true)
  await turn()
  const [request] = posts()
  assert.equal(request.url, '/whep/beauty')
  assert.equal(request.headers.authorization, 'Bearer t-1')
  assert.equal(request.headers['content-type'], 'application/sdp')
  assert.equal(request.body, 'offer 1')
  const [peer] = world.peers
  assert.equal(peer.direction, 'recvonly')
  assert.deepEqual(peer.receivers.map((it) => [it.track.kind, it.jitterBufferTarget, it.playoutDelayHint]), [['video', 0, 0], ['audio', 0, 0]])
  assert.equal(peer.remote.sdp, 'answer')
  world.now += 20
  peer.become('connected')
  world.now += 5
  peer.receivers[0].track.dispatchEvent(new Event('unmute'))
  world.now += 13
  video.frame()
  assert.deepEqual(told.states, ['joining', 'playing'])
  assert.deepEqual(told.started, [
    { transport: 'whep', stages: { page_ms: 1000, answer_ms: 1000, ice_ms: 1020, dtls_ms: 1020, packet_ms: 1025, first_frame_ms: 1038 } },
  ])
  player.stop()
  assert.equal(deletes()[0].url, 'https://shop.test/whep/session/9')
  assert.equal(deletes()[0].keepalive, true)
  assert.equal(player.state, 'closed')
})

test('a join that was begun before the page was ready is taken over', async () => {
  const join = begin(SOURCE)
  await turn()
  assert.equal(posts().length, 1)
  const { told, video } = play(SOURCE, { join })
  await turn()
  assert.equal(posts().length, 1, 'no second offer')
  world.peers[0].become('connected')
  video.frame()
  assert.equal(told.states.at(-1), 'playing')
})

test('over a long way an offer is posted twice where that is one session, and the first answer counts', async () => {
  const page = (ms) => mock.method(performance, 'getEntriesByType', () => [{ requestStart: 10, responseStart: 10 + ms }])
  page(110)
  let late
  world.answers = [() => new Promise((done) => (late = done)), joined()]
  const { told, player } = play({ ...SOURCE, twice: true })
  await until(() => posts().length === 2)
  for (const { body, headers } of posts()) {
    assert.deepEqual([gunzipSync(body).toString(), headers['content-encoding']], ['offer 1', 'gzip'])
  }
  await turn()
  assert.equal(world.peers[0].remote.sdp, 'answer', 'the second was faster')
  late(answer(201, 'answer of the first', { location: '/whep/session/10' }))
  world.peers[0].become('connected')
  await turn()
  assert.deepEqual([world.peers.length, told.states], [1, ['joining']])
  assert.deepEqual(deletes().map((it) => it.url), ['https://shop.test/whep/session/10'], 'nobody is in the late one')
  player.stop()
  assert.equal(deletes().length, 2)

  world.requests = []
  world.answers = [answer(503, 'full', { 'retry-after': '5' }), joined()]
  const lucky = play({ ...SOURCE, twice: true })
  await until(() => world.peers.at(-1).remote)
  assert.equal(world.peers.at(-1).remote.sdp, 'answer', 'one says yes')
  lucky.player.stop()

  world.requests = []
  world.answers = [() => Promise.reject(new TypeError('the connection was reset')), answer(404, 'nobody is live', { 'retry-after': '7' })]
  const early = play({ ...SOURCE, twice: true })
  await until(() => early.told.states.includes('waiting'))
  assert.equal(early.told.states.at(-1), 'waiting', 'a refusal says more than no answer')
  early.player.stop()

  world.requests = []
  world.answers = [() => Promise.reject(new TypeError('the connection was reset')), joined()]
  const other = play({ ...SOURCE, twice: true })
  await until(() => world.peers.at(-1).remote)
  assert.equal(world.peers.at(-1).remote.sdp, 'answer', 'one may fail')
  other.player.stop()

  for (const [ms, source] of [[12, { ...SOURCE, twice: true }], [110, SOURCE]]) {
    page(ms)
    world.requests = []
    play(source).player.stop()
    await turn()
    assert.deepEqual(posts().map((it) => typeof it.body), ['string'], JSON.stringify([ms, source]))
  }
})

test('over a long way the offer of the room page leaves before the page is painted, which waits for it only so long', async () => {
  const root = {
    removeAttribute(it) {
      if (root[it]) root.paintedAfter = posts().length
      root[it] = false
    },
    toggleAttribute: (it, on) => (root[it] = on),
  }
  const config = { source: { ...SOURCE, twice: true }, live: { state: 'on_air' } }
  Object.assign(document, { documentElement: root, getElementById: () => ({ textContent: JSON.stringify(config) }) })
  const open = async (name, ms) => {
    mock.method(performance, 'getEntriesByType', () => [{ requestStart: 10, responseStart: 10 + ms }])
    world.requests = []
    await import(`../src/room/head.js?${name}`)
    return root['data-unpainted']
  }
  assert.equal(await open('near', 12), false)
  assert.equal(await open('far', 110), true)
  await until(() => !root['data-unpainted'])
  assert.deepEqual([root.paintedAfter, posts().length], [2, 2])
  // One that cannot make an offer in time is painted all the same.
  mock.method(Peer.prototype, 'setLocalDescription', () => new Promise(() => {}))
  assert.equal(await open('slow', 110), true)
  await pass(100)
  assert.deepEqual([root['data-unpainted'], root.paintedAfter], [false, 0])
  delete globalThis.beckonJoin
})

test('a page that loads is not kept loading by a host who is not there yet', async () => {
  document.readyState = 'interactive'
  const loads = new EventTarget()
  globalThis.addEventListener = loads.addEventListener.bind(loads)
  const early = play()
  await turn()
  assert.equal(early.video.srcObject, undefined)
  world.peers[0].receivers[0].track.dispatchEvent(new Event('unmute'))
  await turn()
  assert.ok(early.video.srcObject, 'a picture comes')
  const waits = play()
  const left = play()
  await turn()
  left.player.stop()
  loads.dispatchEvent(new Event('load'))
  assert.ok(waits.video.srcObject && !waits.video.paused, 'the page has loaded')
  assert.equal(left.video.srcObject, undefined)
  delete globalThis.addEventListener
})

test('a host who was never there is still waited for when the session is made anew', async () => {
  const { told } = play()
  await turn()
  world.peers[0].become('connected')
  await pass(70_000)
  assert.ok(world.peers.length >= 2, 'it is made anew')
  assert.deepEqual(told.states, ['joining', 'waiting'])
})

test('while nobody is live it asks again, longer each time, and at once when told that the show is on', async () => {
  world.answers = Array.from({ length: 6 }, () => answer(404, '{}'))
  const { player, told } = play()
  await turn()
  await pass(1000)
  assert.equal(posts().length, 2)
  assert.deepEqual(told.states, ['joining', 'waiting'])
  await pass(1950)
  assert.equal(posts().length, 2)
  await pass(100)
  assert.equal(posts().length, 3)
  player.retry()
  await turn()
  assert.equal(posts().length, 4)
  player.stop()
  await pass(20_000)
  assert.equal(posts().length, 4, 'nothing after the stop')
})

test('a room that is full says when to come back', async () => {
  world.answers = [answer(503, '{}', { 'retry-after': '3' })]
  play()
  await turn()
  await pass(2950)
  assert.equal(posts().length, 1)
  await pass(100)
  assert.equal(posts().length, 2)
})

test('a ticket that is not taken any more is renewed', async () => {
  world.answers = [answer(401, '{}')]
  play(SOURCE, { renew: async () => ({ whep: '/whep/beauty', ticket: 't-2' }) })
  await pass(1100)
  assert.deepEqual(posts().map((it) => it.headers.authorization), ['Bearer t-1', 'Bearer t-2'])
})

test('a path that is lost is waited for, then made anew; the picture stood still meanwhile', async () => {
  const { video, told, player } = play()
  await turn()
  world.peers[0].become('connected')
  video.frame()
  world.peers[0].become('disconnected')
  await pass(1900)
  assert.equal(posts().length, 1)
  await pass(400)
  assert.equal(told.states.at(-1), 'reconnecting')
  assert.equal(posts().length, 2)
  assert.equal(world.peers[0].signalingState, 'closed')
  world.peers[1].become('connected')
  video.frame()
  assert.equal(told.states.at(-1), 'playing')
  assert.equal(told.started.length, 1, 'the first picture is told once')
  assert.deepEqual(told.stalled, [{ stalled_ms: 2300 }])
  assert.equal((await player.stats()).joins, 2)
})

test('a picture that stands still is a stall from its last frame on, and a short gap is none', async () => {
  const { video, told, player } = play()
  await turn()
  world.peers[0].become('connected')
  video.frame()
  await pass(300)
  video.frame()
  assert.deepEqual(told.stalled, [])
  await pass(1000)
  world.peers[0].counts = { freezeCount: 1, totalFreezesDuration: 0.9, framesDecoded: 40 }
  assert.equal((await player.stats()).stalls, 1, 'it counts while it lasts')
  video.frame()
  assert.deepEqual(told.stalled, [{ stalled_ms: 1000 }])
  const stats = await player.stats()
  assert.deepEqual([stats.stalls, stats.stalled_ms, stats.freezes, stats.frozen_ms, stats.frames, stats.lost], [1, 1000, 1, 900, 40, 1])
})

test('a hidden page shows no pictures, and that is no stall', async () => {
  const { video, told } = play()
  await turn()
  world.peers[0].become('connected')
  video.frame()
  document.visibilityState = 'hidden'
  document.dispatchEvent(new Event('visibilitychange'))
  await pass(60_000)
  document.visibilityState = 'visible'
  document.dispatchEvent(new Event('visibilitychange'))
  video.frame()
  assert.deepEqual(told.stalled, [])
  assert.equal(posts().length, 1)
})

test('a host who is away holds the picture; after long the session is begun anew', async () => {
  const { video, told } = play()
  await turn()
  world.peers[0].become('connected')
  video.frame()
  await pass(3300)
  assert.equal(told.states.at(-1), 'held')
  await pass(50_000)
  assert.equal(posts().length, 1)
  await pass(8000)
  assert.equal(posts().length, 2)
})

test('a room that takes viewers before its host is there is waited in, and retried only when told', async () => {
  const { video, told, player } = play()
  await turn()
  world.peers[0].become('connected')
  await pass(3500)
  assert.equal(told.states.at(-1), 'waiting')
  assert.deepEqual(told.stalled, [])
  video.frame()
  assert.equal(told.states.at(-1), 'playing')
  player.retry()
  await turn()
  assert.equal(posts().length, 1)
})

test('where the browser wants a tap it says so, and a tap plays with sound', async () => {
  const video = new Video()
  video.mayPlay = false
  const states = []
  const player = new Player(video, SOURCE, { onState: (it) => states.push(it) })
  player.start()
  await turn()
  assert.equal(states.at(-1), 'blocked')
  video.mayPlay = true
  await player.unmute()
  assert.equal(video.muted, false)
  assert.notEqual(states.at(-1), 'blocked')
})

test('an answer that cannot be used, or none at all, is tried again', async () => {
  world.answers = [answer(201, 'bad', { location: '/s/1' }), () => Promise.reject(new TypeError('offline'))]
  play()
  await pass(2000)
  assert.equal(posts().length, 3)
  assert.equal(deletes().length, 1, 'the session that was opened is ended')
})

test('a playlist plays where the browser can, else on the page of the shop, else not', async () => {
  const hls = { hls: 'https://cdn.test/live.m3u8' }
  assert.equal(play(hls).player.state, 'unplayable')
  assert.equal(play({ ...hls, page: 'https://play.test/' }).player.state, 'elsewhere')
  world.hls = true
  const { video, told, player } = play(hls)
  assert.equal(video.src, 'https://cdn.test/live.m3u8')
  video.frame()
  assert.equal(told.started[0].transport, 'hls')
  video.dispatchEvent(new Event('waiting'))
  world.now += 700
  video.dispatchEvent(new Event('playing'))
  assert.deepEqual(told.stalled, [{ stalled_ms: 700 }])
  player.stop()
  assert.equal(video.src, undefined)
})

test('without WebRTC the playlist is played, if there is one', async () => {
  globalThis.RTCPeerConnection = class {
    constructor() {
      throw new Error('none here')
    }
  }
  world.hls = true
  const { player, video } = play({ ...SOURCE, hls: 'https://cdn.test/live.m3u8' })
  assert.equal(player.transport, 'hls')
  assert.equal(video.src, 'https://cdn.test/live.m3u8')
})
