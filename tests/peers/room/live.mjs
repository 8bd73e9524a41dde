// The room page on Beckon's own live room: a shopper who comes before the host, a host in another browser who comes, goes
// and comes again, and the end of the show. Nothing is faked but the camera.
//   BECKON_URL=… BECKON_SERVER_KEY=… node live.mjs
// Prints one JSON line of what was seen; exits 0 only if the browser had nothing to complain of.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { leave, publish } from '../browser/host.mjs'

const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')
const { BECKON_URL: base, BECKON_SERVER_KEY: key, CHROMIUM = '/usr/bin/chromium' } = process.env
if (!base || !key) {
  console.error('BECKON_URL and BECKON_SERVER_KEY say where Beckon is')
  process.exit(2)
}
const LIMIT_MS = 60_000

async function control(method, path, body) {
  const answer = await fetch(`${base}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}
const cue = (body) => control('POST', 'shows/tonight/cues', body)
const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString()

const launch = () =>
  chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns'],
  })

const errors = []
const seen = {}
const browsers = [await launch(), await launch()]
try {
  await control('PUT', 'hosts/mei', { name: 'Mei' })
  await control('PUT', 'rooms/beauty', { title: 'Beauty room', host_id: 'mei' })
  await control('PUT', 'products/serum', { title: 'Repair serum', category: 'skincare', price: 199, currency: 'CNY' })
  await control('PUT', 'shows/tonight', {
    room_id: 'beauty', title: 'Winter skincare night', starts_at: at(1), ends_at: at(120),
    slots: [{ product_id: 'serum', starts_at: at(1), ends_at: at(60) }],
  })
  await cue({ cue: 'start' })
  const { token } = await control('GET', 'rooms/beauty/publish')
  const status = () => control('GET', 'rooms/beauty/status')

  const shopper = await (await browsers[0].newContext({ locale: 'en-GB' })).newPage()
  shopper.setDefaultTimeout(LIMIT_MS)
  shopper.on('pageerror', (e) => errors.push(`page: ${e.message}`))
  shopper.on('console', (m) => ['error', 'warning'].includes(m.type()) && errors.push(`console: ${m.text()}`))
  const player = (word) => shopper.waitForFunction((word) => document.body.dataset.player === word, word)
    .catch(async () => assert.fail(`the player is not ${word} but ${await shopper.evaluate(() => document.body.dataset.player)}`))
  const time = () => shopper.evaluate(() => document.getElementById('video').currentTime)
  const moves = async () => {
    const before = await time()
    await shopper.waitForFunction((before) => document.getElementById('video').currentTime > before + 0.5, before)
  }

  // Nobody publishes yet: the shopper is inside, and waits.
  await shopper.goto(`${base}/r/tonight`)
  await player('waiting')
  assert.equal((await status()).viewers, 1)

  const host = async () => {
    const page = await (await browsers[1].newContext({ permissions: ['camera', 'microphone'] })).newPage()
    await page.goto(`${base}/healthz`)
    await page.evaluate(publish, { url: base, room: 'beauty', token, codec: 'vp8', layers: false })
    return page
  }
  const first = await host()
  await player('playing')
  await moves()
  await shopper.click('#unmute')
  await shopper.waitForFunction(() => !document.getElementById('video').muted)
  seen.joins = (await status()).viewers

  // The host goes; who watches stays, and sees the next one.
  await first.evaluate(leave, { url: base, token })
  await player('held')
  await host()
  await player('playing')
  await moves()
  assert.equal((await status()).viewers, 1, 'it is the same session')

  await cue({ cue: 'end' })
  await shopper.waitForFunction(() => document.body.dataset.state === 'over')
  for (let waited = 0; (await status()).viewers > 0; waited += 100) {
    assert.ok(waited < LIMIT_MS, 'the session is ended on the server')
    await new Promise((done) => setTimeout(done, 100))
  }
  await shopper.goto('about:blank')
  for (let waited = 0; ; waited += 100) {
    seen.events = (await control('GET', 'stats')).events.by_name
    if (seen.events['Live Player Started'] && seen.events['Live Player Stalled']) break
    assert.ok(waited < LIMIT_MS, JSON.stringify(seen.events))
    await new Promise((done) => setTimeout(done, 100))
  }
} catch (error) {
  errors.push(error.stack ?? String(error))
} finally {
  for (const browser of browsers) await browser.close()
}
for (const error of errors) console.error(`live room: ${error}`)
if (errors.length > 0) process.exit(1)
console.log(JSON.stringify(seen))
