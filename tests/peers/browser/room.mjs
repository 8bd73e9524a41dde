// A browser publishes with a fake camera by WHIP and another plays by WHEP.
//
//   node tests/peers/browser/room.mjs CODEC [--layers] [--joins N] [--seconds S] [--again] [--via PORT]
//
// BECKON_URL, ROOM, PUBLISH_TOKEN and WATCH_TOKEN say where. CODEC is h264, vp8, vp9 or av1. With --layers the
// publisher sends three simulcast layers; with --again it leaves and another takes its place while one watches.
// --via names the port of a `beckon room bridge` that viewers go through.
// Prints one line of JSON: what each join took and what was seen.
import { createRequire } from 'node:module'
const require = createRequire(new URL('../node/package.json', import.meta.url))
const { chromium } = require('playwright-core')

const [codec, ...flags] = process.argv.slice(2)
const option = (name, otherwise) => (flags.includes(name) ? Number(flags[flags.indexOf(name) + 1]) : otherwise)
const { BECKON_URL: url, ROOM: room, PUBLISH_TOKEN: publishToken, WATCH_TOKEN: watchToken } = process.env
const seconds = option('--seconds', 3)

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
  await page.goto(`${url}/healthz`)
  return page
}

const publish = async ({ url, room, token, codec, layers }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360, frameRate: 25 } })
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
  peer.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendonly' })
  const encodings = layers
    ? [{ rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120_000 }, { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 350_000 }, { rid: 'h', maxBitrate: 1_200_000 }]
    : [{ maxBitrate: 1_500_000 }]
  const video = peer.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', sendEncodings: encodings })
  const wanted = RTCRtpSender.getCapabilities('video').codecs.filter((it) => it.mimeType.toLowerCase() === `video/${codec}`)
  video.setCodecPreferences(wanted)
  await peer.setLocalDescription()
  const answer = await fetch(`${url}/whip/${room}`, {
    method: 'POST', body: peer.localDescription.sdp,
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
  })
  if (answer.status !== 201) throw new Error(`whip: ${answer.status} ${await answer.text()}`)
  const sdp = await answer.text()
  await peer.setRemoteDescription({ type: 'answer', sdp })
  window.publisher = { peer, location: answer.headers.get('location') }
  await new Promise((done, failed) => {
    const look = () => {
      if (peer.connectionState === 'connected') done()
      if (peer.connectionState === 'failed') failed(new Error('publisher: failed'))
    }
    peer.addEventListener('connectionstatechange', look)
    look()
  })
  return { offered: wanted.length, location: window.publisher.location }
}

const leave = async ({ url, token }) => {
  await fetch(new URL(window.publisher.location, url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
  window.publisher.peer.close()
}

const watch = async ({ url, room, token, seconds, keep, via }) => {
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
    setTimeout(() => failed(new Error(`no picture in 15 s: ${peer.connectionState} ${JSON.stringify(at)}`)), 15_000)
  })
  await peer.setLocalDescription()
  mark('offer')
  const answer = await fetch(`${url}/whep/${room}`, {
    method: 'POST', body: peer.localDescription.sdp,
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
  })
  if (answer.status !== 201) throw new Error(`whep: ${answer.status} ${await answer.text()}`)
  let sdp = await answer.text()
  // A bridge stands before the server's port.
  if (via) sdp = sdp.replace(/^(a=candidate:(?:\S+ ){5})\d+ /gm, `$1${via} `)
  mark('answer')
  await peer.setRemoteDescription({ type: 'answer', sdp })
  await first
  const seen = async () => {
    const report = { codec: null, frames: 0, width: 0, freezes: 0, lost: 0, nacks: 0, plis: 0, apart_ms: null, audio_packets: 0, tls: null }
    const playout = {}
    const all = [...(await peer.getStats()).values()]
    for (const it of all) {
      if (it.type === 'inbound-rtp') playout[it.kind] = it.estimatedPlayoutTimestamp
      if (it.type === 'inbound-rtp' && it.kind === 'video') {
        Object.assign(report, { frames: it.framesDecoded, width: it.frameWidth, freezes: it.freezeCount, lost: it.packetsLost, nacks: it.nackCount, plis: it.pliCount })
        report.codec = all.find((other) => other.id === it.codecId)?.mimeType
      }
      if (it.type === 'inbound-rtp' && it.kind === 'audio') report.audio_packets = it.packetsReceived
      if (it.type === 'transport') report.tls = it.tlsVersion
    }
    if (playout.audio && playout.video) report.apart_ms = Math.round(playout.audio - playout.video)
    return report
  }
  window.seen = seen
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const report = await seen()
  if (!keep) {
    await fetch(new URL(answer.headers.get('location'), url), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
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
  const publishing = { url, room, token: publishToken, codec, layers: flags.includes('--layers') }
  result.published = await host.evaluate(publish, publishing)
  await new Promise((done) => setTimeout(done, 2500))
  for (let join = 0; join < option('--joins', 1); join++) {
    result.joins.push(await shopper.evaluate(watch, { url, room, token: watchToken, seconds, keep: false, via: option('--via', 0) }))
  }
  if (flags.includes('--again')) {
    const stays = await shopper.evaluate(watch, { url, room, token: watchToken, seconds: 1, keep: true, via: 0 })
    await host.evaluate(leave, publishing)
    await new Promise((done) => setTimeout(done, 1500))
    const second = await page(browser)
    await second.evaluate(publish, publishing)
    await new Promise((done) => setTimeout(done, 4000))
    const after = await shopper.evaluate(() => window.seen())
    result.again = { before: stays.frames, lost_before: stays.lost, after: after.frames, apart_ms: after.apart_ms, lost: after.lost }
  }
  console.log(JSON.stringify(result))
} finally {
  await browser.close()
}
