// How long shoppers wait for the picture: a real browser taps links to the room page of a running Beckon, over ways of
// several lengths, and the stages that the page itself measures are summed up.
//
//   node tests/peers/room/joins.mjs [--joins 30] [--ways 0:0,50:0,50:3,100:0,100:3] [--key-every 1] [--mbit 2.2] [--json FILE]
//
// BECKON names the program (target/release/beckon). It starts a server in a folder of its own, publishes a film by ffmpeg
// (720p, H.264, Opus, made once beforehand so that nothing is encoded meanwhile), and for each way (round trip in
// milliseconds : percent lost) a `beckon room bridge` that page, answer and media go through. Three manners take turns,
// so that noise meets all alike, and each join begins at a random moment of the film:
//   cold   a browser that has no connection to the server
//   warm   one that has: the shop is open in it
//   plain  warm, but the server waits for the next key frame and does not speak first (`?join=plain`)
// Counted from the tap (the navigation's start). `moving` is when the fifth picture was shown; `offer to frame` is the
// join alone, without the page.
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const flags = process.argv.slice(2)
const option = (name, otherwise) => (flags.includes(name) ? flags[flags.indexOf(name) + 1] : otherwise)
const joins = Number(option('--joins', 30))
const ways = option('--ways', '0:0,50:0,50:3,100:0,100:3').split(',').map((way) => way.split(':').map(Number))
const [keyEvery, mbit] = [option('--key-every', '1'), option('--mbit', '2.2')]
const { BECKON: program = 'target/release/beckon', CHROMIUM = '/usr/bin/chromium' } = process.env
if (!existsSync(program)) {
  console.error(`${program} is not there: cargo build --release, or name the program in BECKON`)
  process.exit(2)
}
const python = fileURLToPath(new URL('../python/.venv/bin/python', import.meta.url))
const film = fileURLToPath(new URL('film.py', import.meta.url))
const [HTTP, MEDIA, NEAR_HTTP, NEAR_MEDIA] = [18080, 18189, 19080, 19189]
const KEY = 'joins-joins-joins-joins-joins-joins'
const FRAME_MAX_MS = 30_000
const STAGES = ['page_ms', 'answer_ms', 'ice_ms', 'dtls_ms', 'packet_ms', 'first_frame_ms', 'moving_ms', 'offer_to_frame_ms']

const folder = mkdtempSync(join(tmpdir(), 'beckon-joins-'))
const children = []
function run(command, args, env = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => (said = (said + text).slice(-4000)))
  child.on('exit', (code) => code && !child.stopped && console.error(`${command} ended with ${code}: ${said}`))
  children.push(child)
  return child
}
async function stop(child) {
  child.stopped = true
  const gone = new Promise((done) => child.on('exit', done))
  child.kill('SIGTERM')
  await gone
}
async function control(method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${HTTP}/api/v1/${path}`, {
    method, body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

/** In the page before all else: catches the join that the page begins, and counts pictures. */
function watch({ plain, port }) {
  let begun, stages
  Object.defineProperty(globalThis, 'beckonJoin', {
    get: () => begun,
    set: (it) => { begun = it; stages = it?.stages ?? stages },
  })
  if (plain) {
    const { fetch } = globalThis
    let under
    globalThis.fetch = (url, init) => {
      if (!String(url).startsWith('/whep/') || init?.method !== 'POST') return fetch(url, init)
      // The page would post it twice over a long way: both are one here.
      under ??= fetch(`${url}?join=plain`, init).finally(() => (under = undefined))
      return under.then((answer) => answer.clone())
    }
  }
  if (port) {
    const { setRemoteDescription } = RTCPeerConnection.prototype
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      return setRemoteDescription.call(this, { type, sdp: sdp.replace(/^(a=candidate:(?:\S+ ){5})\d+ /gm, `$1${port} `) })
    }
  }
  let pictures = 0
  let moving_ms
  const count = (video) => video.requestVideoFrameCallback((now) => {
    pictures += 1
    if (pictures === 5) moving_ms = Math.round(now)
    if (pictures < 5 || !stages?.first_frame_ms) return count(video)
    globalThis.moved({ ...stages, moving_ms, offer_to_frame_ms: stages.first_frame_ms - stages.page_ms })
  })
  document.addEventListener('loadedmetadata', ({ target }) => pictures === 0 && count(target), { capture: true, once: true })
}

/** One join: in a context of its own, or in one that has been in the shop before. */
async function measure(browser, open, base, manner, port) {
  const context = open ?? (await browser.newContext())
  const page = await context.newPage()
  try {
    // The page tells by itself: to be asked meanwhile would take it 11 ms of a join.
    let moved
    const told = new Promise((done) => (moved = done))
    await page.exposeFunction('moved', moved)
    await page.addInitScript(watch, { plain: manner === 'plain', port })
    if (manner !== 'cold') {
      await page.goto(`${base}/healthz`)
      await page.evaluate(() => document.body.replaceChildren(Object.assign(document.createElement('a'), { href: '/r/tonight', textContent: 'tap' })))
    }
    await pause(Math.random() * 1000 * Number(keyEvery))
    if (manner === 'cold') await page.goto(`${base}/r/tonight`, { waitUntil: 'commit' })
    else await page.click('a', { noWaitAfter: true })
    await page.waitForURL('**/r/tonight', { waitUntil: 'commit' })
    const given = pause(FRAME_MAX_MS, undefined, { ref: false }).then(() => { throw new Error(`no moving picture within ${FRAME_MAX_MS} ms`) })
    return await Promise.race([told, given])
  } finally {
    await (open ? page : context).close()
  }
}

const at = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
const results = []
try {
  const path = join(folder, 'film.mkv')
  const made = spawnSync(python, [film, 'make', path, keyEvery, mbit], { stdio: ['ignore', 'inherit', 'inherit'] })
  if (made.status !== 0) throw new Error('the film cannot be made: run tests/peers/install')
  const config = join(folder, 'beckon.toml')
  writeFileSync(config, `[room]\nudp_port = ${MEDIA}\n`)
  run(program, ['serve', '--config', config, '--listen', `127.0.0.1:${HTTP}`, '--data', join(folder, 'data')], { BECKON_SERVER_KEY: KEY, BECKON_WRITE_KEY: 'joins-write-joins-write-joins' })
  for (let tries = 0; ; tries++) {
    if (await fetch(`http://127.0.0.1:${HTTP}/healthz`).catch(() => false)) break
    if (tries > 300) throw new Error('the server does not start')
    await pause(100)
  }
  const when = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()
  await control('PUT', 'hosts/mei', { name: 'Mei' })
  await control('PUT', 'rooms/beauty', { title: 'Beauty room', host_id: 'mei' })
  await control('PUT', 'products/serum', { title: 'Repair serum', category: 'skincare', price: 199, currency: 'CNY' })
  await control('PUT', 'shows/tonight', { room_id: 'beauty', title: 'Winter skincare night', starts_at: when(1), ends_at: when(600), slots: [{ product_id: 'serum', starts_at: when(1), ends_at: when(60) }] })
  await control('POST', 'shows/tonight/cues', { cue: 'start' })
  const { token } = await control('GET', 'rooms/beauty/publish')
  run(python, [film, 'publish', path, `http://127.0.0.1:${HTTP}/whip/beauty`, token])
  for (let tries = 0; ; tries++) {
    if ((await control('GET', 'rooms/beauty/status')).live) break
    if (tries > 100) throw new Error('the film does not arrive')
    await pause(100)
  }
  await pause(2500)
  const browser = await chromium.launch({
    executablePath: CHROMIUM, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'],
  })
  for (const [trip, lost] of ways) {
    const far = trip > 0 || lost > 0
    const bridge = far && run(program, ['room', 'bridge', '--listen', `127.0.0.1:${NEAR_MEDIA}`, '--to', `127.0.0.1:${MEDIA}`,
      '--http-listen', `127.0.0.1:${NEAR_HTTP}`, '--http-to', `127.0.0.1:${HTTP}`, '--delay-ms', String(trip / 2), '--loss-percent', String(lost)])
    if (bridge) await pause(500)
    const base = `http://127.0.0.1:${far ? NEAR_HTTP : HTTP}`
    const took = { cold: [], warm: [], plain: [] }
    const failed = { cold: 0, warm: 0, plain: 0 }
    // The first joins of a browser start processes that later ones find.
    const open = { warm: await browser.newContext(), plain: await browser.newContext() }
    for (const manner of ['cold', 'warm', 'plain']) await measure(browser, open[manner], base, manner, far && NEAR_MEDIA).catch(() => {})
    for (let round = 0; round < joins; round++) {
      for (const manner of ['cold', 'warm', 'plain']) {
        await measure(browser, open[manner], base, manner, far && NEAR_MEDIA).then((it) => took[manner].push(it), (error) => {
          failed[manner] += 1
          console.error(`${manner}, ${trip} ms, ${lost} %: ${String(error).split('\n')[0]}`)
        })
      }
    }
    for (const [manner, all] of Object.entries(took)) {
      const stages = Object.fromEntries(STAGES.map((stage) => {
        const values = all.map((it) => it[stage]).filter((it) => it !== undefined)
        return [stage, values.length ? [at(values, 0.5), at(values, 0.95)] : null]
      }))
      results.push({ round_trip_ms: trip, lost_percent: lost, manner, joins: all.length, failed: failed[manner], ...stages, each: all })
      const cells = STAGES.map((stage) => `${stage.replace('_ms', '').replaceAll('_', ' ')} ${stages[stage]?.join('/')}`)
      console.log(`round trip ${trip} ms, ${lost} % lost, ${manner}: ${all.length} joins, ${failed[manner]} failed; median/p95 ms: ${cells.join(', ')}`)
    }
    for (const context of Object.values(open)) await context.close()
    if (bridge) await stop(bridge)
  }
  await browser.close()
  if (option('--json')) writeFileSync(option('--json'), JSON.stringify(results))
} finally {
  for (const child of children) if (child.exitCode === null) await stop(child)
  rmSync(folder, { recursive: true, force: true })
}
