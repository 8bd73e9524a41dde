// A browser publishes with a fake camera by WHIP and another plays by WHEP.
//
//   node tests/peers/browser/room.mjs CODEC [--layers] [--joins N] [--seconds S] [--frames F] [--width W] [--again] [--via PORT]
//     [--only WORD]
//
// BECKON_URL, ROOM, PUBLISH_TOKEN and WATCH_TOKEN say where. CODEC is h264, vp8, vp9 or av1. With --layers the
// publisher sends three simulcast layers; with --again it leaves and another takes its place while one watches.
// A viewer stays for S seconds, and on until it has seen F frames, some sound and W pixels of width, for at most three
// minutes: a busy machine is slow to encode.
// --via names the port of a `beckon room bridge` that viewers go through.
// --only leaves those of the server's addresses to host and viewers that the word is in: `tcp`, or an IP address.
// Prints one line of JSON: what each join took and what was seen.
import { createRequire } from 'node:module'
import { leave, publish } from './host.mjs'
import { shopper as shopping } from './shopper.mjs'
const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')

const [codec, ...flags] = process.argv.slice(2)
const option = (name, otherwise) => (flags.includes(name) ? Number(flags[flags.indexOf(name) + 1]) : otherwise)
const only = flags.includes('--only') ? flags[flags.indexOf('--only') + 1] : null
const { BECKON_URL: url, ROOM: room, PUBLISH_TOKEN: publishToken, WATCH_TOKEN: watchToken } = process.env
const stay = { seconds: option('--seconds', 3), frames: option('--frames', 0), width: option('--width', 0) }
const LIMIT_MS = 180_000

const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  })

async function page(browser) {
  const page = await (await browser.newContext({ permissions: ['camera', 'microphone'] })).newPage()
  await page.addInitScript(shopping)
  await page.goto(`${url}/healthz`)
  return page
}

const watch = async ({ url, room, token, stay, keep, via, only, limit }) => {
  const at = {}
  const began = performance.now()
  const mark = (name) => (at[name] ??= Math.round((performance.now() - began) * 10) / 10)
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  peer.addTransceiver('audio', { direction: 'recvonly' })
  peer.addTransceiver('video', { direction: 'recvonly' })
  const element = document.createElement('video')
  element.muted = true
  element.autoplay = true
  element.playsInline = true
  document.body.append(element)
  const stream = new MediaStream()
  element.srcObject = stream
  peer.ontrack = ({ track }) => stream.addTrack(track)
  peer.addEventListener('iceconnectionstatechange', () => peer.iceConnectionState === 'connected' && mark('ice'))
  peer.addEventListener('connectionstatechange', () => peer.connectionState === 'connected' && mark('dtls'))
  const first = new Promise((done, failed) => {
    element.requestVideoFrameCallback(() => { mark('frame'); done() })
    setTimeout(() => failed(new Error(`no picture in ${limit} ms: ${peer.connectionState} ${JSON.stringify(at)}`)), limit)
  })
  const location = await window.join(peer, { url, room, token, via, only, mark })
  await first
  const seen = async () => {
    const report = { codec: null, frames: 0, width: 0, freezes: 0, lost: 0, nacks: 0, plis: 0, apart_ms: null, audio_packets: 0, tls: null, by: null, server: null }
    const playout = {}
    const all = [...(await peer.getStats()).values()]
    for (const it of all) {
      if (it.type === 'inbound-rtp') playout[it.kind] = it.estimatedPlayoutTimestamp
      if (it.type === 'inbound-rtp' && it.kind === 'video') {
        Object.assign(report, { frames: it.framesDecoded, width: it.frameWidth, freezes: it.freezeCount, lost: it.packetsLost, nacks: it.nackCount, plis: it.pliCount })
        report.codec = all.find((other) => other.id === it.codecId)?.mimeType
      }
      if (it.type === 'inbound-rtp' && it.kind === 'audio') report.audio_packets = it.packetsReceived
      if (it.type === 'transport') {
        report.tls = it.tlsVersion
        const way = all.find((other) => other.id === it.selectedCandidatePairId)
        const server = all.find((other) => other.id === way?.remoteCandidateId)
        Object.assign(report, { by: server?.protocol, server: server?.address })
      }
    }
    if (playout.audio && playout.video) report.apart_ms = Math.round(playout.audio - playout.video)
    return report
  }
  window.seen = seen
  window.until = async (isEnough) => {
    for (const end = performance.now() + limit; ; await new Promise((done) => setTimeout(done, 100))) {
      const report = await seen()
      if (isEnough(report) || performance.now() > end) return report
    }
  }
  await new Promise((done) => setTimeout(done, stay.seconds * 1000))
  // A browser brings sound and picture together little by little once it knows how they stand.
  const together = (it) => it.apart_ms === null || Math.abs(it.apart_ms) < 80
  const report = await window.until((it) => it.frames >= stay.frames && it.width >= stay.width && it.audio_packets >= stay.frames && together(it))
  if (!keep) {
    await fetch(new URL(location, url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
    peer.close()
    element.remove()
  }
  return { at, ...report }
}

const browser = await launch()
const result = { codec, joins: [] }
try {
  const host = await page(browser)
  const shopper = await page(browser)
  const publishing = { url, room, token: publishToken, codec, layers: flags.includes('--layers'), only }
  result.published = await host.evaluate(publish, publishing)
  await new Promise((done) => setTimeout(done, 2500))
  for (let join = 0; join < option('--joins', 1); join++) {
    result.joins.push(await shopper.evaluate(watch, { url, room, token: watchToken, stay, keep: false, via: option('--via', 0), only, limit: LIMIT_MS }))
  }
  if (flags.includes('--again')) {
    const stays = await shopper.evaluate(watch, { url, room, token: watchToken, stay: { ...stay, seconds: 1 }, keep: true, via: 0, only, limit: LIMIT_MS })
    await host.evaluate(leave, publishing)
    await new Promise((done) => setTimeout(done, 1500))
    // What was under way from the first host has come.
    const before = await shopper.evaluate(() => window.seen())
    const second = await page(browser)
    await second.evaluate(publish, publishing)
    await new Promise((done) => setTimeout(done, 4000))
    const enough = before.frames + stay.frames
    const after = await shopper.evaluate((enough) => window.until((it) => it.frames > enough), enough)
    result.again = { before: before.frames, lost_before: stays.lost, after: after.frames, apart_ms: after.apart_ms, lost: after.lost }
  }
  console.log(JSON.stringify(result))
} finally {
  await browser.close()
}
